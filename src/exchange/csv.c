/*
 * exchange/csv.c: see csv.h. A row is first found as a whole in the buffer (memchr for its end;
 * only a row that holds a quote is walked byte by byte) and then cut into cells in place.
 */
#include "exchange/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"

enum { BUFFER_SIZE = 2 * CSV_ROW_MAX, PIECE_SIZE = 4096, INFLATE_BUFFER = 128 * 1024 };

struct csv {
    char *path;
    int fd;          /* plain bytes; -1 while `zipped` is read */
    gzFile zipped;   /* NULL for plain bytes */
    uint64_t offset; /* of buffer[0] in the inflated bytes */
    uint64_t line;   /* of buffer[at] */
    size_t at, size; /* buffer[at .. size) is to be read */
    size_t piece;    /* bytes asked for at once */
    bool ended;      /* nothing comes behind `size` */
    csv_cell cells[CSV_CELLS_MAX];
    char buffer[BUFFER_SIZE + 1]; /* one more for the zero behind a last line without an end */
};

static wf_status open_bytes(csv *reader, wf_error *err)
{
    uint8_t magic[2] = {0, 0};
    struct stat about;
    int fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us up */
    if (fd < 0)
        return wf_fail_errno(err, _("cannot open %s"), reader->path);
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        return wf_fail(err, WF_USAGE, _("%s is not a regular file; save its rows in one first"),
                       reader->path);
    }
    ssize_t got = pread(fd, magic, sizeof magic, 0);
    if (got < 0) {
        wf_status status = wf_fail_errno(err, _("cannot read %s"), reader->path);
        close(fd);
        return status;
    }
    reader->fd = fd;
    if (got < 2 || magic[0] != 0x1F || magic[1] != 0x8B)
        return WF_OK;
    reader->zipped = gzdopen(fd, "rb"); /* owns fd from here on */
    if (reader->zipped == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory while opening %s"), reader->path);
    reader->fd = -1;
    gzbuffer(reader->zipped, INFLATE_BUFFER);
    return WF_OK;
}

wf_status csv_open(csv **out, const char *path, wf_error *err)
{
    csv *reader =
        malloc(sizeof *reader); /* not zeroed: pages of the buffer come as they are used */
    if (reader == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory while opening %s"), path);
    reader->fd = -1;
    reader->zipped = NULL;
    reader->offset = reader->at = reader->size = 0;
    reader->line = 1;
    reader->piece = BUFFER_SIZE;
    reader->ended = false;
    reader->path = strdup(path);
    wf_status status = reader->path != NULL
                           ? open_bytes(reader, err)
                           : wf_fail(err, WF_SYSTEM, _("out of memory while opening %s"), path);
    if (status != WF_OK) {
        csv_close(reader);
        return status;
    }
    *out = reader;
    return WF_OK;
}

void csv_close(csv *reader)
{
    if (reader == NULL)
        return;
    if (reader->zipped != NULL)
        gzclose(reader->zipped);
    if (reader->fd >= 0)
        close(reader->fd);
    free(reader->path);
    free(reader);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* zlib calls a file by its descriptor: "<fd:13>: unexpected end of file". */
static const char *without_number(const char *text)
{
    const char *end = strncmp(text, "<fd:", 4) == 0 ? strstr(text, ">: ") : NULL;
    return end != NULL ? end + 3 : text;
}

/* Up to `size` bytes; *got is 0 at the end. */
static wf_status read_bytes(csv *reader, void *into, size_t size, size_t *got, wf_error *err)
{
    if (reader->zipped == NULL) {
        ssize_t n = 0;
        do {
            n = read(reader->fd, into, size);
        } while (n < 0 && errno == EINTR);
        if (n < 0)
            return wf_fail_errno(err, _("cannot read %s"), reader->path);
        *got = (size_t)n;
        return WF_OK;
    }
    int n = gzread(reader->zipped, into, (unsigned)size);
    int problem = Z_OK;
    const char *text = gzerror(reader->zipped, &problem);
    if (problem == Z_ERRNO)
        return wf_fail_errno(err, _("cannot read %s"), reader->path);
    if (n < 0 || (n == 0 && problem != Z_OK))
        return wf_fail(err, WF_REFUSED, _("the gzip file %s is damaged or cut short (%s)"),
                       file_name(reader->path), without_number(text));
    *got = (size_t)n;
    return WF_OK;
}

/* Moves the unread bytes to the front and reads more behind them. */
static wf_status refill(csv *reader, wf_error *err)
{
    memmove(reader->buffer, reader->buffer + reader->at, reader->size - reader->at);
    reader->offset += reader->at;
    reader->size -= reader->at;
    reader->at = 0;
    size_t room = BUFFER_SIZE - reader->size;
    size_t got = 0;
    wf_status status = read_bytes(reader, reader->buffer + reader->size,
                                  room < reader->piece ? room : reader->piece, &got, err);
    reader->size += got;
    reader->ended = status != WF_OK || got == 0;
    return status;
}

/* Where the row that begins with buffer[at] ends (its LF, or the end of the bytes) and what is
   wrong with its quotes. */
typedef struct extent {
    bool whole; /* false: more bytes are needed to tell */
    size_t end;
    uint64_t lines;
    const char *problem;
} extent;

/* A row with quotes, byte by byte. */
static extent quoted_extent(const csv *reader)
{
    const char *bytes = reader->buffer;
    extent e = {.lines = 1};
    bool cell_start = true;
    bool quoted = false;
    bool closed = false; /* behind the closing quote of a cell */
    for (size_t i = reader->at; i < reader->size; i++) {
        char c = bytes[i];
        if (quoted) {
            e.lines += c == '\n';
            if (c != '"')
                continue;
            if (i + 1 == reader->size && !reader->ended)
                return e;
            if (i + 1 < reader->size && bytes[i + 1] == '"')
                i++;
            else {
                quoted = false;
                closed = true;
            }
        } else if (c == '\n') {
            e.whole = true;
            e.end = i;
            return e;
        } else if (c == '"' && cell_start) {
            quoted = true;
            cell_start = false;
        } else if (c == ',') {
            cell_start = true;
            closed = false;
        } else {
            bool line_end = c == '\r' && (i + 1 == reader->size || bytes[i + 1] == '\n');
            if (closed && !line_end)
                e.problem = _("text stands behind a closing quote; a quote inside a quoted cell "
                              "is written twice");
            else if (c == '"')
                e.problem = _("a quote stands inside a cell that is not quoted");
            cell_start = false;
        }
    }
    e.end = reader->size;
    e.whole = reader->ended && !quoted;
    return e;
}

static extent row_extent(const csv *reader)
{
    const char *from = reader->buffer + reader->at;
    size_t size = reader->size - reader->at;
    const char *lf = memchr(from, '\n', size);
    size_t length = lf != NULL ? (size_t)(lf - from) : size;
    if (memchr(from, '"', length) != NULL)
        return quoted_extent(reader);
    return (extent){lf != NULL || reader->ended, reader->at + length, 1, NULL};
}

/* An unfinished row that is too long, or whose quote is never closed, ends with its first line. */
static extent first_line(const csv *reader)
{
    const char *from = reader->buffer + reader->at;
    size_t size = reader->size - reader->at;
    const char *lf = memchr(from, '\n', size);
    extent e = {true, reader->at + (lf != NULL ? (size_t)(lf - from) : size), 1, NULL};
    e.problem = reader->ended ? _("a quote is opened and never closed")
                              : _("the row is longer than 256 KiB, or a quote is never closed");
    return e;
}

static char *unquote(char *at, char *end, csv_cell *cell)
{
    char *to = at;
    cell->text = at;
    for (char *from = at + 1; from < end; from++) {
        if (*from == '"') {
            from++;
            if (from == end || *from != '"') {
                cell->size = (size_t)(to - at);
                *to = '\0';
                return from;
            }
        }
        *to++ = *from;
    }
    cell->size = (size_t)(to - at);
    return end;
}

/* Cuts [at, end) into cells; every comma and the end become zeros. */
static void split(csv *reader, csv_row *row, char *at, char *end)
{
    size_t count = 0;
    for (;;) {
        if (count == CSV_CELLS_MAX) {
            row->problem = _("the row has more than 256 cells");
            return;
        }
        csv_cell *cell = &reader->cells[count++];
        char *stop = at;
        if (at < end && *at == '"') {
            stop = unquote(at, end, cell);
        } else {
            while (stop < end && *stop != ',')
                stop++;
            cell->text = at;
            cell->size = (size_t)(stop - at);
        }
        bool last = stop >= end;
        *stop = '\0';
        if (last)
            break;
        at = stop + 1;
    }
    row->count = count;
}

static void skip_mark(csv *reader)
{
    if (reader->offset == 0 && reader->at == 0 && reader->size >= 3 &&
        memcmp(reader->buffer, "\xEF\xBB\xBF", 3) == 0)
        reader->at = 3;
}

/* The extent of the next row, with as many bytes read as it takes. */
static wf_status find_row(csv *reader, extent *out, wf_error *err)
{
    for (;;) {
        skip_mark(reader);
        *out = row_extent(reader);
        if (out->whole)
            return WF_OK;
        if (reader->ended || reader->size - reader->at > CSV_ROW_MAX) {
            *out = first_line(reader);
            return WF_OK;
        }
        wf_status status = refill(reader, err);
        if (status != WF_OK)
            return status;
    }
}

/* Behind a row that was cut at the end of the buffer: the rest of its line goes with it. */
static wf_status skip_line(csv *reader, wf_error *err)
{
    for (;;) {
        const char *from = reader->buffer + reader->at;
        const char *lf = memchr(from, '\n', reader->size - reader->at);
        reader->at = lf != NULL ? (size_t)(lf - reader->buffer) + 1 : reader->size;
        if (lf != NULL || reader->ended)
            return WF_OK;
        wf_status status = refill(reader, err);
        if (status != WF_OK)
            return status;
    }
}

wf_status csv_next(csv *reader, csv_row *out, bool *found, wf_error *err)
{
    *out = (csv_row){.cells = reader->cells};
    *found = false;
    for (;;) {
        extent e;
        wf_status status = find_row(reader, &e, err);
        if (status != WF_OK)
            return status;
        if (reader->at >= reader->size)
            return WF_OK;
        char *from = reader->buffer + reader->at;
        char *end = reader->buffer + e.end;
        out->line = reader->line;
        out->offset = reader->offset + reader->at;
        out->problem = e.problem;
        reader->line += e.lines;
        bool cut = e.end == reader->size;
        out->without_end = cut && reader->ended;
        reader->at = cut ? e.end : e.end + 1;
        if (end > from && end[-1] == '\r')
            end--;
        if (end == from && e.problem == NULL)
            continue;
        if (e.problem == NULL)
            split(reader, out, from, end);
        *found = true;
        return cut && e.problem != NULL ? skip_line(reader, err) : WF_OK;
    }
}

static void forget(csv *reader, uint64_t offset, uint64_t line)
{
    reader->at = reader->size = 0;
    reader->offset = offset;
    reader->line = line;
    reader->ended = false;
}

wf_status csv_rewind(csv *reader, wf_error *err)
{
    if (reader->zipped != NULL) {
        if (gzrewind(reader->zipped) != 0)
            return wf_fail(err, WF_SYSTEM, _("cannot go back to the beginning of %s"),
                           reader->path);
        forget(reader, 0, 1);
        return WF_OK;
    }
    return csv_seek(reader, 0, 1, err);
}

static int nameless_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int size = snprintf(path, sizeof path, "%s/wufei-import-XXXXXX",
                        folder != NULL && *folder != '\0' ? folder : "/tmp");
    if (size < 0 || (size_t)size >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static wf_status write_whole(int fd, const char *bytes, size_t size, wf_error *err)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return wf_fail_errno(err, _("cannot write the inflated rows into a temporary file; "
                                        "$TMPDIR names another folder for it"));
        bytes += n;
        size -= (size_t)n;
    }
    return WF_OK;
}

wf_status csv_random_access(csv *reader, wf_error *err)
{
    reader->piece = PIECE_SIZE;
    if (reader->zipped == NULL)
        return WF_OK;
    wf_status status = csv_rewind(reader, err);
    if (status != WF_OK)
        return status;
    int fd = nameless_file();
    if (fd < 0)
        return wf_fail_errno(err, _("cannot make a temporary file; $TMPDIR names its folder"));
    for (size_t got = 1; status == WF_OK && got > 0;) {
        status = read_bytes(reader, reader->buffer, BUFFER_SIZE, &got, err);
        if (status == WF_REFUSED) { /* damaged: its good rows were told before, and are kept */
            status = WF_OK;
            break;
        }
        if (status == WF_OK)
            status = write_whole(fd, reader->buffer, got, err);
    }
    gzclose(reader->zipped);
    reader->zipped = NULL;
    reader->fd = fd;
    forget(reader, 0, 1);
    return status;
}

wf_status csv_seek(csv *reader, uint64_t offset, uint64_t line, wf_error *err)
{
    WF_ASSERT(reader->zipped == NULL);
    if (lseek(reader->fd, (off_t)offset, SEEK_SET) < 0)
        return wf_fail_errno(err, _("cannot go to byte %llu of %s"), (unsigned long long)offset,
                             reader->path);
    forget(reader, offset, line);
    return WF_OK;
}
