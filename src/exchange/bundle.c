/*
 * exchange/bundle.c: a bundle folder (spec bundle.md) into the ledger: which files it holds, the
 * merge of their rows by time, and each row into its record.
 *
 * Memory: one buffer a file (512 KiB), an index of 24 bytes a row for a file that is not in the
 * order of time (48 while it is sorted), the open fixes of one day, and what statements.h says.
 */
#include "exchange/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/bundle_file.h"
#include "exchange/track_days.h"

enum { BODY_BYTES = 512, PROGRESS_ROWS = 4096 };

/* The tables in the order of bundle.md, which decides between rows of the same time. */
static const Wufei__Record__BodyCase table_order[RECORD_KINDS] = {
    WUFEI__RECORD__BODY_PARTY,        WUFEI__RECORD__BODY_SITE,      WUFEI__RECORD__BODY_PLACE,
    WUFEI__RECORD__BODY_PERMIT,       WUFEI__RECORD__BODY_VEHICLE,   WUFEI__RECORD__BODY_SCALE,
    WUFEI__RECORD__BODY_FILING,       WUFEI__RECORD__BODY_ACTIVITY,  WUFEI__RECORD__BODY_GENERATION,
    WUFEI__RECORD__BODY_MANIFEST,     WUFEI__RECORD__BODY_EVENT,     WUFEI__RECORD__BODY_WEIGHING,
    WUFEI__RECORD__BODY_STOCKTAKE,    WUFEI__RECORD__BODY_TREATMENT, WUFEI__RECORD__BODY_TRACK,
    WUFEI__RECORD__BODY_CALENDAR_DAY, WUFEI__RECORD__BODY_REPORT,
};

typedef struct bundle {
    const import_options *options;
    const char *folder;
    statements *s;
    track_days *tracks;
    char *names[RECORD_KINDS]; /* in table order; NULL: not there */
    bundle_file files[RECORD_KINDS];
    size_t file_count;
    uint64_t rows, done;
    int utc_offset_minutes;
    far_times times;
    arena memory; /* of the folder's names */
    arena row;    /* of the present row */
} bundle;

/* ---- the folder --------------------------------------------------------------------------- */

static size_t stem_size(const char *name)
{
    static const char *const ends[] = {".csv", ".csv.gz"};
    size_t size = strlen(name);
    for (size_t i = 0; i < 2; i++) {
        size_t end = strlen(ends[i]);
        if (size > end && strcmp(name + size - end, ends[i]) == 0)
            return size - end;
    }
    return 0;
}

/* The answer key that a made city brings along: none of our business, and never opened. */
static bool is_answer_key(const char *name, size_t stem)
{
    static const char *const keys[] = {"truth", "truth_acts", "negatives", "breaches"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strlen(keys[i]) == stem && strncmp(keys[i], name, stem) == 0)
            return true;
    return false;
}

/* "Manifests.CSV" beside our "manifests.csv". */
static bool is_ours_in_capitals(const char *name, char lower[NAME_MAX + 1])
{
    size_t size = strlen(name);
    if (size > NAME_MAX)
        return false;
    for (size_t i = 0; i <= size; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    return strcmp(lower, name) != 0 && stem_size(lower) > 0 &&
           record_kind_of_file(lower, stem_size(lower)) != NULL;
}

/* Why a file is not read: told, unless it is none of a bundle's at all. */
static bool is_passed_over(bundle *b, const char *name)
{
    char lower[NAME_MAX + 1];
    char text[NAME_MAX + 200];
    size_t stem = stem_size(name);
    if (name[0] == '.' || strncmp(name, "README", strlen("README")) == 0)
        return true;
    if (is_ours_in_capitals(name, lower)) {
        snprintf(text, sizeof text,
                 _("the name differs from %s only by case; it is not read, rename it"), lower);
        statements_warn_file(b->s, name, text);
        return true;
    }
    if (stem == 0 || is_answer_key(name, stem))
        return true;
    if (record_kind_of_file(name, stem) != NULL)
        return false;
    statements_warn_file(b->s, name, _("no file of a bundle has this name; it is not read"));
    return true;
}

static wf_status take_name(bundle *b, const char *name, wf_error *err)
{
    struct stat about;
    if (is_passed_over(b, name))
        return WF_OK;
    const record_kind *kind = record_kind_of_file(name, stem_size(name));
    const char *path = arena_printf(&b->memory, "%s/%s", b->folder, name);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) /* a fifo would be waited for */
        return wf_fail(err, WF_USAGE, _("%s is not a regular file; save its rows in one first"),
                       path);
    size_t at = 0;
    while (table_order[at] != kind->body)
        at++;
    if (b->names[at] != NULL)
        return wf_fail(err, WF_USAGE, _("%s holds both %s and %s; keep one of them"), b->folder,
                       b->names[at], name);
    b->names[at] = arena_strdup(&b->memory, name);
    return b->names[at] != NULL ? WF_OK : wf_fail(err, WF_SYSTEM, _("out of memory"));
}

static wf_status list_folder(bundle *b, wf_error *err)
{
    struct stat about;
    if (stat(b->folder, &about) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return wf_fail(err, WF_USAGE,
                       _("%s does not exist; a folder of CSV files such as manifests.csv was "
                         "expected"),
                       b->folder);
    struct dirent **entries = NULL;
    int count = scandir(b->folder, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOTDIR)
        return wf_fail(err, WF_USAGE,
                       _("%s is a file; a folder of CSV files such as manifests.csv was expected "
                         "(--as and --map read files of other systems)"),
                       b->folder);
    if (count < 0)
        return wf_fail_errno(err, _("cannot list the folder %s"), b->folder);
    wf_status status = WF_OK;
    for (int i = 0; i < count; i++) {
        if (status == WF_OK)
            status = take_name(b, entries[i]->d_name, err);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static void progress(const bundle *b, uint64_t total, const char *phase)
{
    if (b->options->progress != NULL)
        b->options->progress(b->options->ctx, b->done, total, phase);
}

static wf_status open_files(bundle *b, wf_error *err)
{
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < RECORD_KINDS; i++) {
        if (b->names[i] == NULL)
            continue;
        char *path = arena_printf(&b->memory, "%s/%s", b->folder, b->names[i]);
        if (path == NULL)
            return wf_fail(err, WF_SYSTEM, _("out of memory"));
        bundle_file *f = &b->files[b->file_count++];
        status = bundle_file_open(f, b->s, record_kind_of(table_order[i]), path,
                                  b->utc_offset_minutes, err);
        if (f->kind->body != WUFEI__RECORD__BODY_CALENDAR_DAY) /* those look ahead by nature */
            f->times = &b->times;
        if (status == WF_OK && !f->stopped)
            status = bundle_file_scan(f, b->s, err);
        b->rows += f->rows;
        progress(b, 0, _("reading the files through"));
    }
    if (status == WF_OK && b->file_count == 0)
        return wf_fail(err, WF_USAGE,
                       _("%s holds no file of a bundle; files such as manifests.csv or "
                         "manifests.csv.gz were expected"),
                       b->folder);
    return status;
}

/* ---- the rows ----------------------------------------------------------------------------- */

/* Fills `message` from the present row; a row that is wrong is told, and *good is false. */
static wf_status fill(bundle *b, const bundle_file *f, void *message, const import_place *place,
                      bool *good, wf_error *err)
{
    const char *name = NULL;
    wf_error wrong = {0};
    wf_status status = bundle_file_fill(f, message, &b->row, &name, &wrong);
    *good = status == WF_OK;
    if (status == WF_REFUSED) {
        statements_refuse(b->s, place, name, 1, wrong.text);
        return WF_OK;
    }
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", wrong.text);
}

static wf_status take_track(bundle *b, const bundle_file *f, const import_place *place,
                            wf_error *err)
{
    fix_row row = {0};
    bool good = false;
    wf_status status = fill(b, f, &row, place, &good, err);
    if (status != WF_OK || !good)
        return status;
    return track_days_add(b->tracks, row.vehicle_id, &row.fix, place, err);
}

static wf_status take_record(bundle *b, const bundle_file *f, const import_place *place,
                             wf_error *err)
{
    union {
        ProtobufCMessage base;
        uint8_t bytes[BODY_BYTES];
    } body;
    Wufei__Record record = WUFEI__RECORD__INIT;
    bool good = false;
    WF_ASSERT(f->kind->message->sizeof_message <= sizeof body);
    f->kind->message->message_init(&body.base);
    record.body_case = f->kind->body;
    record.party = (Wufei__Party *)(void *)&body;
    wf_status status = fill(b, f, &body, place, &good, err);
    if (status != WF_OK || !good)
        return status;
    return statements_add(b->s, &record, f->time_ms, place, 1, err);
}

static void warn_far(bundle *b, const bundle_file *f, const import_place *place)
{
    char text[300];
    char time[TIME_TEXT];
    int32_t days = f->times != NULL ? far_times_after(f->times, f->time_ms) : 0;
    if (days == 0)
        return;
    snprintf(text, sizeof text,
             _("time %1$s is %2$d days after the newest other record of this import; was the year "
               "meant?"),
             time_format(time, f->time_ms, b->utc_offset_minutes), (int)days);
    statements_warn(b->s, place, NULL, text);
}

static wf_status take_row(bundle *b, const bundle_file *f, wf_error *err)
{
    import_place place = {.file = f->number, .line = f->row.line};
    arena_reset(&b->row);
    statements_read(b->s, f->number, 1);
    warn_far(b, f, &place);
    return f->kind->body == WUFEI__RECORD__BODY_TRACK ? take_track(b, f, &place, err)
                                                      : take_record(b, f, &place, err);
}

/* The file with the earliest row; the first of them by table order. NULL: all are read. */
static bundle_file *earliest(bundle *b)
{
    bundle_file *first = NULL;
    for (size_t i = 0; i < b->file_count; i++) {
        bundle_file *f = &b->files[i];
        if (f->found && (first == NULL || f->time_ms < first->time_ms))
            first = f;
    }
    return first;
}

static wf_status merge(bundle *b, wf_error *err)
{
    wf_status status = WF_OK;
    far_times_settle(&b->times);
    for (bundle_file *f; status == WF_OK && (f = earliest(b)) != NULL;) {
        status = track_days_pass(b->tracks, f->time_ms, err);
        if (status == WF_OK)
            status = take_row(b, f, err);
        if (status == WF_OK)
            status = bundle_file_next(f, err);
        if (++b->done % PROGRESS_ROWS == 0 || b->done == b->rows)
            progress(b, b->rows, _("entering rows"));
    }
    return status == WF_OK ? track_days_flush(b->tracks, err) : status;
}

wf_status bundle_import(const import_target *target, const char *folder,
                        const import_options *options, import_summary *out, wf_error *err)
{
    int64_t start_us = clock_monotonic_us();
    *out = (import_summary){0};
    bundle *b = calloc(1, sizeof *b);
    if (b == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for an import"));
    b->options = options;
    b->folder = folder;
    b->utc_offset_minutes = target->utc_offset_minutes;
    arena_init(&b->memory, 0);
    arena_init(&b->row, 0);
    wf_status status = statements_new(&b->s, target, options, err);
    if (status == WF_OK)
        status = track_days_new(&b->tracks, b->s, target, err);
    if (status == WF_OK)
        status = list_folder(b, err);
    if (status == WF_OK)
        status = open_files(b, err);
    if (status == WF_OK)
        status = merge(b, err);
    if (status == WF_OK)
        status = statements_finish(b->s, out, err);
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    for (size_t i = 0; i < b->file_count; i++)
        bundle_file_close(&b->files[i]);
    track_days_free(b->tracks);
    statements_free(b->s);
    arena_free(&b->memory);
    arena_free(&b->row);
    free(b);
    return status;
}
