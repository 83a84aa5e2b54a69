/*
 * ledger/format/statement_id.c: ids that a statement's content decides, so that entering the same
 * thing twice is noticed, and that sort by time, so that the id index grows at its end.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the direct SHA-256: no fetch, no allocation per id */
#include "entry.h"

#include <string.h>

#include <openssl/sha.h>

void statement_id_make(uint8_t out[STATEMENT_ID_SIZE], int64_t time_ms, const span *parts,
                       size_t count)
{
    static const char domain[] = "wufei/id/v1\n";
    enum { TIME_SIZE = 6 };
    SHA256_CTX sha;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256_Init(&sha);
    SHA256_Update(&sha, domain, sizeof domain - 1);
    for (size_t i = 0; i < count; i++) {
        size_t size = parts[i].size;
        uint8_t length[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                             (uint8_t)size};
        SHA256_Update(&sha, length, sizeof length);
        if (size > 0)
            SHA256_Update(&sha, parts[i].data, size);
    }
    SHA256_Final(digest, &sha);
    uint64_t time = time_ms > 0 ? (uint64_t)time_ms : 0; /* before 1970 all sort first */
    for (int i = TIME_SIZE - 1; i >= 0; i--) {
        out[i] = (uint8_t)time;
        time >>= 8;
    }
    memcpy(out + TIME_SIZE, digest, STATEMENT_ID_SIZE - TIME_SIZE);
}
