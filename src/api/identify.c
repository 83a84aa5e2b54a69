/*
 * api/identify.c: what an id that somebody typed means. A text may name things of several kinds,
 * and a number an entry besides: "KIND:ID" says which, so that nothing hides behind a namesake.
 */
#include <string.h>

#include "api/api.h"

static const char *const kind_words[OBJECT_KIND_COUNT] = {
    [OBJECT_MANIFEST] = "manifest",     [OBJECT_SITE] = "site",
    [OBJECT_PARTY] = "party",           [OBJECT_VEHICLE] = "vehicle",
    [OBJECT_PERMIT] = "permit",         [OBJECT_SCALE] = "scale",
    [OBJECT_WEIGHING] = "weighing",     [OBJECT_TREATMENT] = "treatment",
    [OBJECT_GENERATION] = "generation", [OBJECT_FILING] = "filing",
    [OBJECT_REPORT] = "report",         [OBJECT_PLACE] = "place",
};
static const char entry_word[] = "entry";

static bool carries_mass(unsigned kind)
{
    return kind == OBJECT_MANIFEST || kind == OBJECT_SITE || kind == OBJECT_GENERATION ||
           kind == OBJECT_TREATMENT;
}

/* What follows "WORD:" in `id`; NULL when it does not begin so. */
static const char *behind_word(const char *id, const char *word)
{
    size_t size = strlen(word);
    return strncmp(id, word, size) == 0 && id[size] == ':' ? id + size + 1 : NULL;
}

static bool is_entry(wf_ledger *l, const char *text, uint64_t *seq)
{
    return uint64_parse(seq, text, strlen(text)) && *seq < ledger_size(l->log);
}

/* "KIND:ID" or "entry:N"; *known tells whether the word was one. */
static wf_status find_by_form(wf_ledger *l, store_txn *txn, const char *id, api_thing *out,
                              bool *known, wf_error *err)
{
    const char *rest = behind_word(id, entry_word);
    *known = rest != NULL;
    *out = (api_thing){.kind = OBJECT_NONE};
    if (rest != NULL) {
        out->found = is_entry(l, rest, &out->seq);
        return WF_OK;
    }
    for (unsigned k = OBJECT_NONE + 1; k < OBJECT_KIND_COUNT; k++) {
        rest = behind_word(id, kind_words[k]);
        if (rest == NULL)
            continue;
        *known = true;
        wf_status status =
            book_find_kind(l->book, txn, (enum object_kind)k, rest, &out->index, err);
        out->found = status == WF_OK && out->index != BOOK_NONE;
        out->kind = (enum object_kind)k;
        return status;
    }
    return WF_OK;
}

/* Things with mass come first where only those are asked for. */
static wf_status find_plain(wf_ledger *l, store_txn *txn, const char *id, bool with_mass,
                            api_thing *out, wf_error *err)
{
    *out = (api_thing){.kind = OBJECT_NONE};
    for (int pass = with_mass ? 0 : 1; pass < 2; pass++)
        for (unsigned k = OBJECT_NONE + 1; k < OBJECT_KIND_COUNT; k++) {
            if (pass == 0 && !carries_mass(k))
                continue;
            wf_status status =
                book_find_kind(l->book, txn, (enum object_kind)k, id, &out->index, err);
            if (status != WF_OK)
                return status;
            if (out->index != BOOK_NONE) {
                out->found = true;
                out->kind = (enum object_kind)k;
                return WF_OK;
            }
        }
    out->found = is_entry(l, id, &out->seq);
    return WF_OK;
}

wf_status api_identify(wf_ledger *l, store_txn *txn, const char *id, bool with_mass, api_thing *out,
                       wf_error *err)
{
    bool known = false;
    wf_status status = find_by_form(l, txn, id, out, &known, err);
    if (status == WF_OK && !out->found)
        status = find_plain(l, txn, id, with_mass, out, err);
    if (status == WF_OK && out->found && out->kind != OBJECT_NONE)
        status = api_row_seq(l, txn, out->kind, out->index, &out->seq, err);
    if (status == WF_OK && !out->found && known) {
        const char *colon = strchr(id, ':');
        status = wf_fail(err, WF_USAGE,
                         _("there is no %.*s '%s' in this ledger; without '%.*s:' the id may name "
                           "something else"),
                         (int)(colon - id), id, colon + 1, (int)(colon - id), id);
    }
    return status;
}

static void add_form(char *out, size_t size, size_t *count, const char *word, const char *id)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s%s:%s", *count > 0 ? ", " : "", word, id);
    (*count)++;
}

wf_status wf_meanings(wf_ledger *l, const char *id, bool with_mass, char *out, size_t size,
                      wf_error *err)
{
    store_txn *txn = NULL;
    api_thing thing;
    bool known = false;
    size_t count = 0;
    uint64_t seq;
    wf_error_clear(err);
    out[0] = '\0';
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = find_by_form(l, txn, id, &thing, &known, err);
    bool plain = status == WF_OK && !thing.found;
    for (unsigned k = OBJECT_NONE + 1; k < OBJECT_KIND_COUNT && plain && status == WF_OK; k++) {
        if (with_mass && !carries_mass(k))
            continue;
        status = book_find_kind(l->book, txn, (enum object_kind)k, id, &thing.index, err);
        if (status == WF_OK && thing.index != BOOK_NONE)
            add_form(out, size, &count, kind_words[k], id);
    }
    store_abort(txn);
    if (status == WF_OK && plain && !with_mass && is_entry(l, id, &seq))
        add_form(out, size, &count, entry_word, id);
    if (count < 2)
        out[0] = '\0';
    return status;
}

wf_status wf_has_party(wf_ledger *l, const char *party, bool *out, wf_error *err)
{
    store_txn *txn = NULL;
    uint32_t index = BOOK_NONE;
    wf_error_clear(err);
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = book_find_kind(l->book, txn, OBJECT_PARTY, party, &index, err);
    store_abort(txn);
    *out = status == WF_OK && index != BOOK_NONE;
    return status;
}
