/*
 * sim/writer.c: the CSV tables of a bundle, fast and in the order of time.
 *
 * A row is formatted straight into the bucket of its day; a closed day is sorted by its second (a
 * stable radix sort, so that rows of one second keep the order in which they were made) and
 * written. So memory holds a few weeks of late rows at most, whatever the size of the city.
 * printf is not used for cells: it alone would cost more than the whole simulation.
 */
#include "city.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { RING_DAYS = 64, CACHE_DAYS = 256, OUT_BYTES = 1 << 20, RADIX_BITS = 9, SPARE_BUCKETS = 4 };

typedef struct row_mark {
    uint32_t second, length;
    size_t offset;
} row_mark;

typedef struct bucket {
    char *bytes;
    size_t used, room;
    row_mark *rows;
    size_t row_count, row_room;
} bucket;

typedef struct table {
    int fd;
    gzFile zipped;
    bucket days[RING_DAYS];
    bucket spare[SPARE_BUCKETS]; /* memory of written days, for the next ones */
    int spare_count;
    uint64_t rows;
} table;

struct writer {
    table tables[TABLE_COUNT];
    int64_t flushed_day, end_day; /* all before flushed_day is written */
    bucket dropped;               /* rows after the end */
    bucket *open, *last;          /* the row being made; the one made before it */
    table *open_table;
    size_t row_start;
    uint32_t row_second;
    bool row_kept;
    row_mark *spare;
    size_t spare_room;
    char *out;
    size_t out_used;
    int64_t cached_day[CACHE_DAYS];
    char cached_date[CACHE_DAYS][12];
    char folder[4096];
    bool failed;
};

static const struct {
    const char *name, *header;
} table_form[TABLE_COUNT] = {
    {"parties", "party_id,name,roles,legal_id,district,registered_at"},
    {"sites", "site_id,party_id,name,kind,lat,lon,district,grid,driver,driver_value,"
              "storage_limit_kg,opened_at,closed_at"},
    {"places", "place_id,kind,lat,lon,radius_m"},
    {"permits", "permit_id,holder_id,kind,waste_codes,methods,limit_kg_per_year,limit_kg_per_day,"
                "valid_from,valid_to,destination_site,destination_district,vehicles,entered_at"},
    {"vehicles", "vehicle_id,party_id,kind,tare_kg,max_payload_kg"},
    {"scales", "scale_id,site_id,division_kg,max_kg,calibrated_at"},
    {"filings", "filing_id,kind,site_id,vehicle_id,lat,lon,radius_m,from,to,text"},
    {"activity", "site_id,driver,from,to,value"},
    {"generation", "batch_id,site_id,time,waste_code,mass_kg,basis"},
    {"manifests", "manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,"
                  "facility_site,filed_at,declared_kg,entered_at"},
    {"manifest_events",
     "manifest_id,event,time,site_id,party_id,vehicle_id,mass_kg,scale_id,note,entered_at"},
    {"weighings",
     "ticket_id,scale_id,vehicle_id,gross_at,gross_kg,tare_at,tare_kg,manifest_id,manual"},
    {"stocktakes", "site_id,time,waste_code,mass_kg,rel_sigma"},
    {"treatments", "treatment_id,site_id,time,waste_code,mass_kg,method,output_code,output_kg,"
                   "entered_at"},
    {"tracks", "vehicle_id,time,lat,lon"},
    {"calendar", "date,working"},
    {"reports", "report_id,time,lat,lon,category,text"},
    {"truth", "case_id,fraud,subject_kind,subject_id,from,to,kg,related,culprits"},
    {"truth_acts", "case_id,time,kg,related"},
};

static void *writer_grown(void *old, size_t bytes)
{
    void *grown = realloc(old, bytes);
    if (grown == NULL) {
        fputs("wufei-sim: out of memory; choose a smaller --size\n", stderr);
        exit(4);
    }
    return grown;
}

/* ---- files ---- */

static void writer_fail(writer *w, const char *doing, const char *name)
{
    if (!w->failed)
        fprintf(stderr, "wufei-sim: %s %s/%s: %s\n", doing, w->folder, name, strerror(errno));
    w->failed = true;
}

static void writer_bytes(writer *w, enum table_id id, const char *bytes, size_t size)
{
    table *t = &w->tables[id];
    if (t->zipped != NULL) {
        if (gzwrite(t->zipped, bytes, (unsigned)size) != (int)size)
            writer_fail(w, "cannot write", table_form[id].name);
        return;
    }
    while (size > 0 && !w->failed) {
        ssize_t done = write(t->fd, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            writer_fail(w, "cannot write", table_form[id].name);
            return;
        }
        bytes += done;
        size -= (size_t)done;
    }
}

static bool writer_create(writer *w, enum table_id id, bool zipped)
{
    table *t = &w->tables[id];
    char path[4400];
    snprintf(path, sizeof path, "%s/%s.csv%s", w->folder, table_form[id].name, zipped ? ".gz" : "");
    t->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (t->fd < 0) {
        fprintf(stderr, "wufei-sim: cannot create %s: %s; give --out a new or empty folder\n", path,
                strerror(errno));
        return false;
    }
    if (zipped && (t->zipped = gzdopen(t->fd, "wb1")) == NULL) {
        writer_fail(w, "cannot compress", table_form[id].name);
        return false;
    }
    writer_bytes(w, id, table_form[id].header, strlen(table_form[id].header));
    writer_bytes(w, id, "\n", 1);
    return !w->failed;
}

writer *writer_open(const char *folder, int64_t first_day, int64_t end_day, bool gzip_tracks,
                    bool tracks, bool frauds)
{
    if (strlen(folder) >= sizeof((writer *)0)->folder) {
        fputs("wufei-sim: the name of the folder is too long\n", stderr);
        return NULL;
    }
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "wufei-sim: cannot make the folder %s: %s\n", folder, strerror(errno));
        return NULL;
    }
    writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        fputs("wufei-sim: out of memory\n", stderr);
        return NULL;
    }
    strcpy(w->folder, folder);
    w->flushed_day = first_day;
    w->end_day = end_day;
    w->out = writer_grown(NULL, OUT_BYTES);
    for (int i = 0; i < CACHE_DAYS; i++)
        w->cached_day[i] = INT64_MIN;
    for (int i = 0; i < TABLE_COUNT; i++)
        w->tables[i].fd = -1;
    for (enum table_id i = 0; i < TABLE_COUNT; i++) {
        if ((i == TABLE_TRACKS && !tracks) || (i >= TABLE_TRUTH && !frauds))
            continue;
        if (!writer_create(w, i, i == TABLE_TRACKS && gzip_tracks)) {
            w->failed = true;
            writer_close(w);
            return NULL;
        }
    }
    return w;
}

bool writer_close(writer *w)
{
    if (!w->failed)
        writer_flush(w, w->end_day);
    for (int i = 0; i < TABLE_COUNT; i++) {
        table *t = &w->tables[i];
        if (t->zipped != NULL ? gzclose(t->zipped) != Z_OK : t->fd >= 0 && close(t->fd) != 0)
            writer_fail(w, "cannot close", table_form[i].name);
        for (int d = 0; d < RING_DAYS; d++) {
            free(t->days[d].bytes);
            free(t->days[d].rows);
        }
        for (int d = 0; d < t->spare_count; d++) {
            free(t->spare[d].bytes);
            free(t->spare[d].rows);
        }
    }
    bool good = !w->failed;
    free(w->dropped.bytes);
    free(w->spare);
    free(w->out);
    free(w);
    return good;
}

uint64_t writer_rows_of(const writer *w, enum table_id id)
{
    return w->tables[id].rows;
}

uint64_t writer_rows(const writer *w)
{
    uint64_t sum = 0;
    for (int i = 0; i < TABLE_COUNT; i++)
        sum += w->tables[i].rows;
    return sum;
}

/* ---- rows ---- */

static char *writer_reserve(writer *w, size_t bytes)
{
    bucket *b = w->open;
    if (b->used + bytes > b->room) {
        b->room = (b->used + bytes) * 2 + 4096;
        b->bytes = writer_grown(b->bytes, b->room);
    }
    return b->bytes + b->used;
}

void row_begin(writer *w, enum table_id id, int64_t time)
{
    assert(w->open == NULL && time >= w->flushed_day * DAY_S);
    int64_t day = time / DAY_S;
    w->open_table = &w->tables[id];
    w->row_kept = day < w->end_day && w->open_table->fd >= 0;
    w->row_second = (uint32_t)(time - day * DAY_S);
    if (w->row_kept) {
        assert(day < w->flushed_day + RING_DAYS);
        w->open = &w->open_table->days[day % RING_DAYS];
        /* far days hold a few late rows: they are not given the memory of a whole day */
        if (w->open->room == 0 && w->open_table->spare_count > 0 && day < w->flushed_day + 4)
            *w->open = w->open_table->spare[--w->open_table->spare_count];
    } else {
        w->open = &w->dropped;
        w->dropped.used = 0;
    }
    w->row_start = w->open->used;
}

static void row_mark_add(writer *w, bucket *b, size_t offset, size_t length)
{
    if (b->row_count == b->row_room) {
        b->row_room = b->row_room * 2 + 256;
        b->rows = writer_grown(b->rows, b->row_room * sizeof *b->rows);
    }
    b->rows[b->row_count++] = (row_mark){w->row_second, (uint32_t)length, offset};
    w->open_table->rows++;
}

void row_end(writer *w)
{
    bucket *b = w->open;
    b->bytes[b->used - 1] = '\n'; /* over the comma behind the last cell */
    if (w->row_kept)
        row_mark_add(w, b, w->row_start, b->used - w->row_start);
    w->last = b;
    w->open = NULL;
}

void row_repeat(writer *w)
{
    if (!w->row_kept)
        return;
    bucket *b = w->last;
    row_mark_add(w, b, w->row_start, b->rows[b->row_count - 1].length);
}

static void bucket_sort(writer *w, bucket *b)
{
    if (w->spare_room < b->row_count) {
        w->spare_room = b->row_count * 2;
        w->spare = writer_grown(w->spare, w->spare_room * sizeof *w->spare);
    }
    for (unsigned shift = 0; shift <= RADIX_BITS; shift += RADIX_BITS) {
        const row_mark *from = shift == 0 ? b->rows : w->spare;
        row_mark *to = shift == 0 ? w->spare : b->rows;
        size_t starts[(1 << RADIX_BITS) + 1] = {0};
        for (size_t i = 0; i < b->row_count; i++)
            starts[((from[i].second >> shift) & ((1u << RADIX_BITS) - 1)) + 1]++;
        for (size_t i = 1; i <= 1 << RADIX_BITS; i++)
            starts[i] += starts[i - 1];
        for (size_t i = 0; i < b->row_count; i++)
            to[starts[(from[i].second >> shift) & ((1u << RADIX_BITS) - 1)]++] = from[i];
    }
}

static void bucket_write(writer *w, enum table_id id, bucket *b)
{
    if (b->row_count > 0)
        bucket_sort(w, b);
    for (size_t i = 0; i < b->row_count; i++) {
        if (w->out_used + b->rows[i].length > OUT_BYTES) {
            writer_bytes(w, id, w->out, w->out_used);
            w->out_used = 0;
        }
        if (b->rows[i].length > OUT_BYTES) {
            writer_bytes(w, id, b->bytes + b->rows[i].offset, b->rows[i].length);
            continue;
        }
        memcpy(w->out + w->out_used, b->bytes + b->rows[i].offset, b->rows[i].length);
        w->out_used += b->rows[i].length;
    }
    writer_bytes(w, id, w->out, w->out_used);
    w->out_used = 0;
    b->row_count = 0;
    b->used = 0;
    table *t = &w->tables[id];
    if (b->room == 0)
        return;
    if (t->spare_count < SPARE_BUCKETS) {
        t->spare[t->spare_count++] = *b;
    } else {
        free(b->bytes);
        free(b->rows);
    }
    *b = (bucket){0};
}

void writer_flush(writer *w, int64_t day)
{
    for (; w->flushed_day < day; w->flushed_day++)
        for (enum table_id i = 0; i < TABLE_COUNT; i++)
            if (w->tables[i].fd >= 0)
                bucket_write(w, i, &w->tables[i].days[w->flushed_day % RING_DAYS]);
}

/* ---- cells: each ends with the comma that row_end turns into the line's end ---- */

void cell_empty(writer *w)
{
    *writer_reserve(w, 1) = ',';
    w->open->used++;
}

void cell_text(writer *w, const char *text)
{
    size_t length = strlen(text);
    char *at = writer_reserve(w, length + 1);
    memcpy(at, text, length);
    at[length] = ',';
    w->open->used += length + 1;
}

void cell_quoted(writer *w, const char *text)
{
    size_t length = strlen(text);
    char *at = writer_reserve(w, length + 3);
    at[0] = '"';
    memcpy(at + 1, text, length);
    memcpy(at + 1 + length, "\",", 2);
    w->open->used += length + 3;
}

void cell_list_item(writer *w, bool first, const char *text)
{
    if (!first)
        w->open->bytes[w->open->used - 1] = '|';
    cell_text(w, text);
}

/* Digits of a number, at least `digits` of them, without an end; returns their count. */
static size_t put_digits(char *at, uint64_t number, unsigned digits)
{
    char reversed[24];
    unsigned count = 0;
    do {
        reversed[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count < digits)
        reversed[count++] = '0';
    for (unsigned i = 0; i < count; i++)
        at[i] = reversed[count - 1 - i];
    return count;
}

void cell_id(writer *w, const char *prefix, uint64_t number, unsigned digits)
{
    size_t length = strlen(prefix);
    char *at = writer_reserve(w, length + 26);
    memcpy(at, prefix, length);
    length += put_digits(at + length, number, digits);
    at[length] = ',';
    w->open->used += length + 1;
}

void cell_number(writer *w, int64_t number)
{
    cell_id(w, number < 0 ? "-" : "", (uint64_t)(number < 0 ? -number : number), 1);
}

static void cell_fixed(writer *w, uint64_t number, unsigned decimals, bool trim)
{
    static const uint64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    char *at = writer_reserve(w, 48);
    size_t length = put_digits(at, number / power[decimals], 1);
    uint64_t rest = number % power[decimals];
    if (decimals > 0 && (rest != 0 || !trim)) {
        at[length++] = '.';
        length += put_digits(at + length, rest, decimals);
        while (trim && at[length - 1] == '0')
            length--;
    }
    at[length] = ',';
    w->open->used += length + 1;
}

void cell_kg(writer *w, int64_t mass_g)
{
    cell_fixed(w, (uint64_t)(mass_g < 0 ? 0 : mass_g), 3, true);
}

void cell_degrees(writer *w, double degrees, unsigned decimals)
{
    double scaled = degrees;
    for (unsigned i = 0; i < decimals; i++)
        scaled *= 10;
    cell_fixed(w, (uint64_t)(scaled + 0.5), decimals, false);
}

void cell_time(writer *w, int64_t time)
{
    int64_t day = time / DAY_S;
    unsigned second = (unsigned)(time - day * DAY_S);
    size_t slot = (size_t)day % CACHE_DAYS;
    if (w->cached_day[slot] != day) {
        w->cached_day[slot] = day;
        time_date(day, w->cached_date[slot]);
    }
    char *at = writer_reserve(w, 26);
    memcpy(at, w->cached_date[slot], 10);
    memcpy(at + 10, "T00:00:00+08:00,", 16);
    unsigned parts[3] = {second / 3600, second / 60 % 60, second % 60};
    for (unsigned i = 0; i < 3; i++) {
        at[11 + 3 * i] = (char)('0' + parts[i] / 10);
        at[12 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    w->open->used += 26;
}
