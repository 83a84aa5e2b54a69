/*
 * api/find.c: from the words and ids that people type to what the book knows, and the errors when
 * there is no such thing.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

enum { SUGGEST_COUNT = 3, SUGGEST_READ_MAX = 20000, SUGGEST_ID_MAX = 64 };
_Static_assert(SUGGEST_COUNT *(SUGGEST_ID_MAX + 3) <= API_SUGGESTIONS, "all of them fit");

/* Edits (insert, delete, replace) between two short texts, in bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[SUGGEST_ID_MAX + 1];
    size_t a_size = strnlen(a, SUGGEST_ID_MAX);
    size_t b_size = strnlen(b, SUGGEST_ID_MAX);
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b_size];
}

typedef struct suggestions {
    char ids[SUGGEST_COUNT][SUGGEST_ID_MAX + 1];
    size_t distances[SUGGEST_COUNT];
    size_t count;
} suggestions;

static void suggest_offer(suggestions *s, const char *id, const char *wanted)
{
    size_t distance = edit_distance(id, wanted);
    size_t place = s->count;
    if (distance > 2 && strncmp(id, wanted, strlen(wanted)) != 0)
        return;
    while (place > 0 && s->distances[place - 1] > distance)
        place--;
    if (place >= SUGGEST_COUNT)
        return;
    if (s->count < SUGGEST_COUNT)
        s->count++;
    for (size_t i = s->count - 1; i > place; i--) {
        s->distances[i] = s->distances[i - 1];
        memcpy(s->ids[i], s->ids[i - 1], sizeof s->ids[i]);
    }
    s->distances[place] = distance;
    snprintf(s->ids[place], sizeof s->ids[place], "%s", id);
}

/* Of one kind, or (OBJECT_NONE) of all that people look for. */
static void suggest_collect(wf_ledger *l, store_txn *txn, suggestions *s, enum object_kind only,
                            const char *wanted)
{
    static const enum object_kind kinds[] = {OBJECT_SITE,   OBJECT_PARTY, OBJECT_VEHICLE,
                                             OBJECT_PERMIT, OBJECT_SCALE, OBJECT_MANIFEST};
    wf_error ignored;
    arena memory;
    arena_init(&memory, 0);
    uint64_t reads = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint64_t count = 0;
        if (only != OBJECT_NONE && only != kinds[k])
            continue;
        if (book_count_kind(l->book, txn, kinds[k], &count, &ignored) != WF_OK)
            break;
        for (uint64_t i = 0; i < count && reads < SUGGEST_READ_MAX; i++, reads++) {
            const char *id = NULL;
            if (book_key_text(l->book, txn, kinds[k], (uint32_t)i, &memory, &id, &ignored) != WF_OK)
                break;
            suggest_offer(s, id, wanted);
        }
    }
    arena_free(&memory);
}

void api_suggest(wf_ledger *l, store_txn *txn, enum object_kind only, const char *id,
                 char out[API_SUGGESTIONS])
{
    suggestions s = {0};
    size_t used = 0;
    out[0] = '\0';
    if (id[0] != '\0' && strlen(id) <= SUGGEST_ID_MAX)
        suggest_collect(l, txn, &s, only, id);
    for (size_t i = 0; i < s.count; i++)
        used += (size_t)snprintf(out + used, API_SUGGESTIONS - used, "%s%s", i == 0 ? "" : ", ",
                                 s.ids[i]);
}

wf_status api_unknown_id(wf_ledger *l, store_txn *txn, const char *id, wf_error *err)
{
    char list[API_SUGGESTIONS];
    api_suggest(l, txn, OBJECT_NONE, id, list);
    if (list[0] != '\0')
        return wf_fail(err, WF_USAGE, _("nothing in this ledger has the id '%s'; did you mean %s?"),
                       id, list);
    return wf_fail(err, WF_USAGE,
                   _("nothing in this ledger has the id '%s'; ids are listed by: wufei list "
                     "manifests|sites|parties|vehicles|permits|scales"),
                   id);
}

wf_status api_word(uint32_t *out, const vocabulary *v, const char *text, wf_error *err)
{
    char all[600];
    *out = 0;
    if (text == NULL)
        return WF_OK;
    *out = vocabulary_find(v, text, strlen(text));
    if (*out != 0)
        return WF_OK;
    return wf_fail(err, WF_USAGE, _("unknown %s '%s'; allowed: %s"), _(v->what), text,
                   vocabulary_all(all, sizeof all, v));
}

bool api_within(int64_t ms, int64_t from_ms, int64_t to_ms)
{
    if (ms == TIME_NONE)
        return from_ms == TIME_NONE && to_ms == TIME_NONE;
    return (from_ms == TIME_NONE || ms >= from_ms) && (to_ms == TIME_NONE || ms < to_ms);
}

/* The entry number that a row begins with: every row struct of rows.h does, tracks and calendar
   days apart, which have no text id. */
wf_status api_row_seq(wf_ledger *l, store_txn *txn, enum object_kind kind, uint32_t index,
                      uint64_t *out, wf_error *err)
{
    union {
        manifest_row manifest;
        site_row site;
        party_row party;
        vehicle_row vehicle;
        permit_row permit;
        scale_row scale;
        weighing_row weighing;
        treatment_row treatment;
        generation_row generation;
        filing_row filing;
        report_row report;
        place_row place;
    } row;
    static const size_t sizes[OBJECT_KIND_COUNT] = {[OBJECT_PERMIT] = sizeof(permit_row),
                                                    [OBJECT_SCALE] = sizeof(scale_row),
                                                    [OBJECT_TREATMENT] = sizeof(treatment_row),
                                                    [OBJECT_FILING] = sizeof(filing_row),
                                                    [OBJECT_GENERATION] = sizeof(generation_row),
                                                    [OBJECT_REPORT] = sizeof(report_row),
                                                    [OBJECT_PLACE] = sizeof(place_row)};
    wf_status status;
    memset(&row, 0, sizeof row);
    switch (kind) {
    case OBJECT_MANIFEST:
        status = book_get_manifest(l->book, txn, index, &row.manifest, err);
        break;
    case OBJECT_SITE:
        status = book_get_site(l->book, txn, index, &row.site, err);
        break;
    case OBJECT_PARTY:
        status = book_get_party(l->book, txn, index, &row.party, err);
        break;
    case OBJECT_VEHICLE:
        status = book_get_vehicle(l->book, txn, index, &row.vehicle, err);
        break;
    case OBJECT_WEIGHING:
        status = book_get_weighing(l->book, txn, index, &row.weighing, err);
        break;
    default:
        status = book_get_row(l->book, txn, kind, index, &row, sizes[kind], err);
    }
    memcpy(out, &row, sizeof *out);
    return status;
}
