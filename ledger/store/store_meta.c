/*
 * ledger/store/store_meta.c: meta pages: read, kept, written back.
 *
 * A meta page, little-endian as on every machine we run on:
 *     offset  bytes
 *          0      8  page number, 0 or 1
 *          8      2  0
 *         10      2  flags: 8
 *         12      4  unused
 *         16      4  magic be ef c0 de (as a number)
 *         20      4  version 1
 *         24      8  address, 0
 *         32      8  size of the map
 *         40     48  the tree of free pages: u32 size of a page, u16 flags, u16 depth, u64 branch
 *                    pages, leaf pages, overflow pages, rows, root (all ones: empty)
 *         88     48  the tree of tables, likewise; its u32 is 0
 *        136      8  last page in use
 *        144      8  transaction id; its parity is that of the page number
 *
 * The file "meta" beside the store has two slots of 512 bytes, written in turn:
 *          0     16  "wufei-meta 1\n", zeros
 *         16    152  page 0
 *        168    152  page 1
 *        480     32  SHA-256 of the 480 bytes before
 */
#include "store_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "store.h"

enum {
    META_MAGIC_AT = 16,
    META_FREE_AT = 40,
    META_MAIN_AT = 88,
    META_LAST_AT = 136,
    META_TXNID_AT = 144,
    META_FLAG = 8,
    PAGE_SIZE_MIN = 512,
    PAGE_SIZE_MAX = 65536,
    DEPTH_MAX = 32,
    SLOT_SIZE = 512,
    SLOT_PAGES_AT = 16,
    SLOT_SUM_AT = 480
};

static const uint32_t magic = 0xbeefc0de;
static const char slot_word[16] = "wufei-meta 1\n";

static uint64_t read_number(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

static void write_u64(uint8_t *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

static meta_tree read_tree(const uint8_t *at)
{
    return (meta_tree){.flags = (uint16_t)read_number(at + 4, 2),
                       .depth = (uint16_t)read_number(at + 6, 2),
                       .branch_pages = read_number(at + 8, 8),
                       .leaf_pages = read_number(at + 16, 8),
                       .overflow_pages = read_number(at + 24, 8),
                       .entries = read_number(at + 32, 8),
                       .root = read_number(at + 40, 8)};
}

static bool tree_is_possible(const meta_tree *t, uint64_t pages)
{
    if (t->root == UINT64_MAX)
        return t->depth == 0 && t->entries == 0;
    return t->root >= 2 && t->root < pages && t->depth > 0 && t->depth <= DEPTH_MAX &&
           t->branch_pages < pages && t->leaf_pages < pages && t->overflow_pages < pages;
}

const char *meta_parse(meta_image *out, const uint8_t bytes[META_BYTES], uint64_t file_size)
{
    memcpy(out->bytes, bytes, META_BYTES);
    out->page_size = (uint32_t)read_number(bytes + META_FREE_AT, 4);
    out->free_list = read_tree(bytes + META_FREE_AT);
    out->main = read_tree(bytes + META_MAIN_AT);
    out->last_page = read_number(bytes + META_LAST_AT, 8);
    out->txnid = read_number(bytes + META_TXNID_AT, 8);
    if (read_number(bytes + 10, 2) != META_FLAG || read_number(bytes + META_MAGIC_AT, 4) != magic ||
        read_number(bytes + 20, 4) != 1)
        return _("it is no meta page of LMDB");
    if (out->page_size < PAGE_SIZE_MIN || out->page_size > PAGE_SIZE_MAX ||
        (out->page_size & (out->page_size - 1)) != 0)
        return _("it names an impossible size of pages");
    uint64_t pages = out->last_page + 1;
    if (out->last_page == UINT64_MAX || pages < 2 || pages > UINT64_MAX / PAGE_SIZE_MAX ||
        pages > file_size / out->page_size + (1U << 20))
        return _("it counts more pages than the file has");
    if (read_number(bytes, 8) != (out->txnid & 1) && out->txnid > 1)
        return _("its transaction id is not of its place");
    if (!tree_is_possible(&out->free_list, pages) || !tree_is_possible(&out->main, pages))
        return _("its trees are impossible");
    return NULL;
}

static wf_status read_at(int fd, uint8_t *out, size_t size, uint64_t at, wf_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, out + done, size - done, (off_t)(at + done));
        if (n < 0 && errno != EINTR)
            return wf_fail_errno(err, _("data.mdb cannot be read"));
        if (n == 0)
            return wf_fail(
                err, WF_DAMAGED,
                _("data.mdb ends at byte %llu, within a page; put a backup in place with: wufei "
                  "restore BACKUP"),
                (unsigned long long)(at + done));
        done += n > 0 ? (size_t)n : 0;
    }
    return WF_OK;
}

static wf_status file_size(int fd, uint64_t *out, wf_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return wf_fail_errno(err, "data.mdb");
    *out = (uint64_t)st.st_size;
    return WF_OK;
}

/* Where the second page is, when the first may not say: where it looks like one; else where the
   first says, or 4096. */
static uint64_t second_page_at(int fd, const uint8_t first[META_BYTES], uint64_t size)
{
    uint8_t bytes[META_BYTES];
    meta_image image;
    uint64_t said = read_number(first + META_FREE_AT, 4);
    for (uint64_t at = PAGE_SIZE_MIN; at <= PAGE_SIZE_MAX; at *= 2)
        if (at + META_BYTES <= size && read_at(fd, bytes, META_BYTES, at, NULL) == WF_OK &&
            meta_parse(&image, bytes, size) == NULL && image.page_size == at)
            return at;
    return meta_parse(&image, first, size) == NULL ? said : 4096;
}

wf_status meta_read(int fd, meta_image out[2], const char *problems[2], wf_error *err)
{
    uint8_t bytes[2][META_BYTES];
    uint64_t size = 0;
    wf_status status = file_size(fd, &size, err);
    if (status == WF_OK)
        status = read_at(fd, bytes[0], META_BYTES, 0, err);
    if (status == WF_OK)
        status = read_at(fd, bytes[1], META_BYTES, second_page_at(fd, bytes[0], size), err);
    for (unsigned i = 0; i < 2 && status == WF_OK; i++) {
        problems[i] = meta_parse(&out[i], bytes[i], size);
        if (problems[i] == NULL && read_number(bytes[i], 8) != i)
            problems[i] = _("its number is not of its place");
    }
    return status;
}

/* ---- the kept copy ------------------------------------------------------------------------- */

static int open_kept(const char *folder, int flags)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, FILE_META) >= (int)sizeof path)
        return -1;
    return open(path, flags | O_CLOEXEC, 0644);
}

void meta_keep(int fd, const char *folder)
{
    uint8_t slot[SLOT_SIZE] = {0};
    meta_image images[2];
    const char *problems[2];
    if (meta_read(fd, images, problems, NULL) != WF_OK || problems[0] != NULL ||
        problems[1] != NULL)
        return;
    memcpy(slot, slot_word, sizeof slot_word);
    for (unsigned i = 0; i < 2; i++)
        memcpy(slot + SLOT_PAGES_AT + i * META_BYTES, images[i].bytes, META_BYTES);
    SHA256(slot, SLOT_SUM_AT, slot + SLOT_SUM_AT);
    uint64_t newest = images[0].txnid > images[1].txnid ? images[0].txnid : images[1].txnid;
    int kept = open_kept(folder, O_WRONLY | O_CREAT);
    if (kept < 0)
        return;
    ssize_t written = pwrite(kept, slot, sizeof slot, (off_t)((newest & 1) * SLOT_SIZE));
    (void)written; /* a torn one has no checksum that holds */
    close(kept);
}

/* Slots of the kept copy; zero bytes where there are none. */
static bool read_kept(const char *folder, uint8_t out[2][SLOT_SIZE], bool whole[2])
{
    int fd = open_kept(folder, O_RDONLY);
    memset(out, 0, 2 * SLOT_SIZE);
    if (fd >= 0) {
        for (unsigned i = 0; i < 2; i++) {
            ssize_t n = pread(fd, out[i], SLOT_SIZE, (off_t)i * SLOT_SIZE);
            if (n < SLOT_SIZE)
                memset(out[i], 0, SLOT_SIZE);
        }
        close(fd);
    }
    for (unsigned i = 0; i < 2; i++) {
        uint8_t sum[SHA256_DIGEST_LENGTH];
        SHA256(out[i], SLOT_SUM_AT, sum);
        whole[i] = memcmp(out[i], slot_word, sizeof slot_word) == 0 &&
                   memcmp(sum, out[i] + SLOT_SUM_AT, sizeof sum) == 0;
    }
    return fd >= 0;
}

bool meta_kept_is_whole(const char *folder)
{
    static const uint8_t nothing[SLOT_SIZE];
    uint8_t slots[2][SLOT_SIZE];
    bool whole[2];
    if (!read_kept(folder, slots, whole))
        return true; /* of an older version: there is none */
    for (unsigned i = 0; i < 2; i++)
        if (!whole[i] && memcmp(slots[i], nothing, SLOT_SIZE) != 0)
            return false;
    return whole[0] || whole[1];
}

static void add_candidate(meta_image out[META_IMAGES_MAX], unsigned *count, const meta_image *image)
{
    unsigned at = 0;
    for (unsigned i = 0; i < *count; i++)
        if (memcmp(out[i].bytes + META_FREE_AT, image->bytes + META_FREE_AT,
                   META_BYTES - META_FREE_AT) == 0)
            return;
    while (at < *count && out[at].txnid >= image->txnid)
        at++;
    memmove(out + at + 1, out + at, (*count - at) * sizeof *out);
    out[at] = *image;
    (*count)++;
}

wf_status meta_candidates(int fd, const char *folder, meta_image out[META_IMAGES_MAX],
                          unsigned *count, wf_error *err)
{
    uint8_t slots[2][SLOT_SIZE];
    bool whole[2];
    meta_image images[2], image;
    const char *problems[2];
    uint64_t size = 0;
    *count = 0;
    wf_status status = file_size(fd, &size, err);
    if (status == WF_OK)
        status = meta_read(fd, images, problems, err);
    if (status != WF_OK)
        return status;
    for (unsigned i = 0; i < 2; i++)
        if (problems[i] == NULL)
            add_candidate(out, count, &images[i]);
    read_kept(folder, slots, whole);
    for (unsigned i = 0; i < 4; i++)
        if (whole[i / 2] &&
            meta_parse(&image, slots[i / 2] + SLOT_PAGES_AT + (i % 2) * META_BYTES, size) == NULL)
            add_candidate(out, count, &image);
    return WF_OK;
}

wf_status meta_write(int fd, const meta_image *image, wf_error *err)
{
    for (unsigned page = 0; page < 2; page++) {
        uint8_t bytes[META_BYTES];
        bool own = page == (image->txnid & 1);
        memcpy(bytes, image->bytes, META_BYTES);
        write_u64(bytes, page);
        write_u64(bytes + META_TXNID_AT,
                  own || image->txnid == 0 ? image->txnid : image->txnid - 1);
        if (pwrite(fd, bytes, META_BYTES, (off_t)page * image->page_size) != META_BYTES)
            return wf_fail_errno(err, _("data.mdb: its meta pages cannot be written"));
    }
    return fsync(fd) == 0 ? WF_OK : wf_fail_errno(err, _("data.mdb cannot be synced"));
}
