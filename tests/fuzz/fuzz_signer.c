/*
 * What comes over a signer's socket (ledger/keys/signer.h): one piece behind its length, and what a
 * message is by its first line.
 */
#include "fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#include "signer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PIECE_MAX = 66000, SOCKET_ROOM = 60000 };
    int ends[2];
    wf_error err = {0};
    uint8_t *piece = NULL;
    size_t got = 0;
    signing_kind_of(data, size);
    if (size > SOCKET_ROOM)
        return 0;
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no sockets");
    FUZZ_REQUIRE(size == 0 || write(ends[0], data, size) == (ssize_t)size, "%zu bytes", size);
    close(ends[0]);
    wf_status status = signer_receive(ends[1], PIECE_MAX, &piece, &got, "the other side", &err);
    FUZZ_REQUIRE(status == WF_OK || err.text[0] != '\0', "refused without a reason");
    FUZZ_REQUIRE((status == WF_OK && size > 0) == (piece != NULL), "status %d", (int)status);
    if (piece != NULL) {
        size_t length =
            (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
        FUZZ_REQUIRE(got == length && got >= 2 && got + 4 <= size &&
                         memcmp(piece, data + 4, got) == 0,
                     "%zu bytes of %zu", got, length);
        signing_kind_of(piece + 2, got - 2);
    }
    free(piece);
    close(ends[1]);
    return 0;
}
