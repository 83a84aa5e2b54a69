/*
 * api/scrub.c: every damage, with what is still provable; then what was looked at.
 */
#include "api/api.h"

static const wf_column damage_columns[] = {
    {"what", N_("what"), WF_CELL_TEXT},           {"number", N_("number"), WF_CELL_TEXT},
    {"damage", N_("damage"), WF_CELL_TEXT},       {"provable", N_("still provable"), WF_CELL_TEXT},
    {"leaf_hash", N_("leaf hash"), WF_CELL_TEXT},
};

static const wf_column check_columns[] = {
    {"check", N_("check"), WF_CELL_TEXT},    {"result", N_("result"), WF_CELL_TEXT},
    {"count", N_("count"), WF_CELL_INTEGER}, {"unit", N_("unit"), WF_CELL_TEXT},
    {"detail", N_("detail"), WF_CELL_TEXT},
};

enum { SCRUB_PROVABLE = 512 };

typedef struct scrub_job {
    const char *dir;
    const ledger_scrub_report *report; /* filled in when damage is told */
    const wf_scrub_options *options;
    answer damages;
    bool entries, tiles, others; /* damage of each was told */
} scrub_job;

/* Of a store or a checkpoint that leaves the entries without anything to compare them with. */
static const char *scrub_unknown(const ledger_scrub_report *r)
{
    return r->entries == 0 ? _("none as it is: no entry could be read (wufei repair; where that "
                               "does not help, wufei restore BACKUP)")
                           : _("not known: the entries could not be compared with what was signed");
}

/* What the tree still shows in spite of it. */
static const char *scrub_provable(const ledger_damage *d, const ledger_scrub_report *r,
                                  char room[SCRUB_PROVABLE])
{
    if (d->kind == DAMAGE_SIGNED || (d->kind != DAMAGE_STORE && r->lost)) {
        if (r->proved > 0)
            snprintf(room, SCRUB_PROVABLE,
                     _("the first %llu entries; of nothing behind them can it be shown that it is "
                       "what was signed (wufei restore BACKUP)"),
                     (unsigned long long)r->proved);
        return r->proved > 0 ? room
                             : _("none: of no entry here can it be shown that it is what was "
                                 "signed (wufei restore BACKUP)");
    }
    if (d->kind != DAMAGE_FILE && d->kind != DAMAGE_ENTRY && (r->entries == 0 || !r->is_signed))
        return scrub_unknown(r);
    switch (d->kind) {
    case DAMAGE_ENTRY:
        return d->has_leaf ? _("that it was signed, by its leaf hash: a copy with this hash is the "
                               "right one (wufei repair --from BACKUP); all other entries")
                           : _("the entries in whole tiles; not this one");
    case DAMAGE_TILE:
    case DAMAGE_TABLE:
    case DAMAGE_HEAD:
        return _("every entry that is not named here: it can be computed from them again (wufei "
                 "repair)");
    case DAMAGE_STORE:
        return _("every entry that is not named here");
    default:
        return r->entries == 0 || !r->is_signed ? scrub_unknown(r) : _("every entry");
    }
}

static void scrub_found(void *ctx, const ledger_damage *d)
{
    static const char *const words[] = {
        [DAMAGE_FILE] = "file",    [DAMAGE_STORE] = "store", [DAMAGE_ENTRY] = "entry",
        [DAMAGE_TILE] = "tile",    [DAMAGE_HEAD] = "head",   [DAMAGE_TABLE] = "table",
        [DAMAGE_SIGNED] = "signed"};
    scrub_job *job = ctx;
    answer *a = &job->damages;
    char number[64] = "", leaf[HASH_TEXT] = "", provable[SCRUB_PROVABLE];
    if (d->kind == DAMAGE_TILE)
        snprintf(number, sizeof number, "%u/%llu", d->level, (unsigned long long)d->number);
    else if (d->kind == DAMAGE_ENTRY || (d->kind == DAMAGE_STORE && d->number != UINT64_MAX))
        snprintf(number, sizeof number, "%llu", (unsigned long long)d->number);
    if (d->has_leaf)
        hash_text(leaf, &d->leaf);
    cell_text(a, words[d->kind]);
    cell_text(a, number);
    cell_text(a, d->text);
    cell_text(a, scrub_provable(d, job->report, provable));
    cell_text(a, leaf);
    answer_row(a);
    job->entries |= d->kind == DAMAGE_ENTRY;
    job->tiles |= d->kind == DAMAGE_TILE;
    job->others |= d->kind != DAMAGE_ENTRY && d->kind != DAMAGE_TILE && d->kind != DAMAGE_SIGNED;
}

/* ---- the book ------------------------------------------------------------------------------ */

static wf_status scrub_book(scrub_job *job, bool *damaged, wf_error *err)
{
    wf_error why = {0};
    wf_status status =
        api_rebuild_apart(job->dir, true, job->options->progress, job->options->ctx, &why);
    *damaged = status == WF_DAMAGED;
    if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    if (*damaged) {
        answer *a = &job->damages;
        cell_text(a, "book");
        cell_empty(a);
        cell_text(a, why.text);
        cell_text(a, _("every entry: the book follows from them (wufei rebuild)"));
        cell_empty(a);
        answer_row(a);
    }
    return WF_OK;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void scrub_check(answer *a, const char *check, const char *result, uint64_t count,
                        const char *unit, const char *detail)
{
    cell_text(a, check);
    cell_text(a, result);
    cell_integer(a, (int64_t)count);
    cell_text(a, unit);
    cell_text(a, detail);
    answer_row(a);
}

static wf_status scrub_checks(const scrub_job *job, const ledger_scrub_report *r,
                              const char *of_book, const wf_sink *sink, wf_error *err)
{
    answer a;
    char root[HASH_TEXT];
    hash_text(root, &r->root);
    answer_begin(&a, sink, err, "checks", N_("Checks"), COLUMNS(check_columns));
    bool all = r->entries == r->size && r->size > 0;
    const char *unread = r->entries == 0 ? "not read" : "damaged";
    scrub_check(&a, "entries", all && !job->entries && !r->lost ? "whole" : unread, r->entries,
                "entries", NULL);
    scrub_check(&a, "tiles", all && !job->tiles ? "whole" : unread, r->tiles, "tiles",
                all ? root : NULL);
    scrub_check(&a, "store, files, tables", job->others ? "damaged" : "whole", r->ids, "ids", NULL);
    cell_text(&a, "signatures");
    cell_text(&a, r->signatures > 0 ? "whole" : "not compared");
    cell_integer(&a, (int64_t)r->signatures);
    cell_text(&a, "signatures");
    cell_empty(&a);
    answer_row(&a);
    cell_text(&a, "book");
    cell_text(&a, of_book);
    cell_empty(&a);
    cell_empty(&a);
    cell_empty(&a);
    answer_row(&a);
    if (r->key_absent) {
        cell_text(&a, "operator key");
        cell_text(&a, "not here");
        cell_empty(&a);
        cell_empty(&a);
        cell_text(&a, _("this folder can be read and not be written to"));
        answer_row(&a);
    }
    return answer_end(&a);
}

/* The last word: whether what was signed is there. */
static wf_status scrub_verdict(const char *dir, const ledger_scrub_report *r, uint64_t damages,
                               wf_error *err)
{
    if (damages == 0)
        return WF_OK;
    if (r->lost)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages were found: entries that were signed are missing or are "
                         "not what was signed; put a backup in place with: wufei restore BACKUP"),
                       dir, (unsigned long long)damages);
    if (r->entries_bad > 0)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages were found, %llu of them entries that are not what was "
                         "signed; see what wufei repair can put right"),
                       dir, (unsigned long long)damages, (unsigned long long)r->entries_bad);
    if (!r->is_signed)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages were found, and the entries could not be compared with "
                         "what was signed; see what wufei repair can put right"),
                       dir, (unsigned long long)damages);
    return wf_fail(err, WF_DAMAGED,
                   _("%s: %llu damages were found, every entry is what was signed; see what wufei "
                     "repair can put right"),
                   dir, (unsigned long long)damages);
}

wf_status wf_scrub(const char *dir, const wf_scrub_options *options, const wf_sink *sink,
                   wf_error *err)
{
    const wf_scrub_options defaults = {.signatures = true, .book = true};
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    ledger_scrub_report report;
    scrub_job job = {.dir = dir, .report = &report, .options = options};
    api_watch watch;
    ledger_scrub_options below = {
        .signatures = options->signatures,
        .progress = api_watch_as(&watch, N_("scrubbing"), options->progress, options->ctx),
        .found = scrub_found,
        .ctx = &job};
    bool book_damaged = false;
    answer_begin(&job.damages, sink, err, "damages", N_("Damage"), COLUMNS(damage_columns));
    wf_status status = ledger_scrub(dir, &below, &report, err);
    bool compare = options->book && report.damages == report.aside && !report.lost;
    if (status == WF_OK && compare)
        status = scrub_book(&job, &book_damaged, err);
    if (status == WF_OK)
        status = answer_end(&job.damages);
    if (status == WF_OK)
        status = scrub_checks(&job, &report,
                              !compare ? "not compared" : (book_damaged ? "damaged" : "whole"),
                              sink, err);
    return status != WF_OK ? status
                           : scrub_verdict(dir, &report, report.damages + book_damaged, err);
}
