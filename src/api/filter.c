/*
 * api/filter.c: what stands in the way of a filter. One that names nothing is a slip of the pen: an
 * empty answer to it would read like a clean bill, so it is refused, here, for every question.
 */
#include <string.h>

#include "api/api.h"

wf_status api_refuse_filters(const wf_filter *filter, const char *what, const char *allowed,
                             wf_error *err)
{
    if (filter == NULL)
        return WF_OK;
    const struct {
        const char *name;
        bool given;
    } given[] = {
        {"stream", filter->stream != NULL},   {"state", filter->state != NULL},
        {"site", filter->site != NULL},       {"party", filter->party != NULL},
        {"vehicle", filter->vehicle != NULL}, {"district", filter->district != NULL},
        {"code", filter->code != NULL},       {"rule", filter->rule != NULL},
        {"kind", filter->kind != NULL},       {"from", filter->from_ms != TIME_NONE},
        {"to", filter->to_ms != TIME_NONE},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].given && !list_has(allowed, given[i].name))
            return wf_fail(err, WF_USAGE, _("--%s does not apply to %s; what applies: %s"),
                           given[i].name, what, allowed[0] == '\0' ? _("no filter") : allowed);
    return WF_OK;
}

/* An id must name something, and something of its kind. */
static wf_status filter_check_id(wf_ledger *l, store_txn *txn, enum object_kind kind,
                                 const char *what, const char *id, wf_error *err)
{
    enum object_kind other = OBJECT_NONE;
    uint32_t index = BOOK_NONE;
    char list[API_SUGGESTIONS];
    if (id == NULL)
        return WF_OK;
    wf_status status = book_find_kind(l->book, txn, kind, id, &index, err);
    if (status != WF_OK || index != BOOK_NONE)
        return status;
    status = book_find(l->book, txn, id, &other, &index, err);
    if (status != WF_OK)
        return status;
    if (other != OBJECT_NONE)
        return wf_fail(err, WF_USAGE, _("--%s %s: this id is not that of a %s"), what, id, _(what));
    api_suggest(l, txn, kind, id, list);
    if (list[0] != '\0')
        return wf_fail(err, WF_USAGE, _("no %1$s %2$s in this ledger; did you mean %3$s?"), _(what),
                       id, list);
    return wf_fail(err, WF_USAGE,
                   _("no %1$s %2$s in this ledger; ids are listed by: wufei list "
                     "manifests|sites|parties|vehicles|permits|scales"),
                   _(what), id);
}

/* A district must be that of a site or of a party. */
static wf_status filter_check_district(wf_ledger *l, store_txn *txn, const char *district,
                                       wf_error *err)
{
    names n;
    uint64_t counts[2] = {0, 0};
    bool found = district == NULL;
    if (found)
        return WF_OK;
    wf_status status = book_count_kind(l->book, txn, OBJECT_SITE, &counts[0], err);
    if (status == WF_OK)
        status = book_count_kind(l->book, txn, OBJECT_PARTY, &counts[1], err);
    names_init(&n, l->book, txn, err);
    for (size_t kind = 0; kind < 2; kind++)
        for (uint64_t i = 0; i < counts[kind] && !found && status == WF_OK; i++) {
            site_row site = {.district = BOOK_NONE};
            party_row party = {.district = BOOK_NONE};
            status = kind == 0 ? book_get_site(l->book, txn, (site_id)i, &site, err)
                               : book_get_party(l->book, txn, (party_id)i, &party, err);
            text_ref text = kind == 0 ? site.district : party.district;
            found = status == WF_OK && strcmp(names_text(&n, text, &n.memory), district) == 0;
            if (status == WF_OK)
                status = n.status;
        }
    names_free(&n);
    if (status == WF_OK && !found)
        status = wf_fail(err, WF_USAGE,
                         _("no site or party in district %s in this ledger; the districts are "
                           "listed by: wufei balance --by district"),
                         district);
    return status;
}

static wf_status filter_check_code(wf_ledger *l, store_txn *txn, const char *code, wf_error *err)
{
    names n;
    uint64_t count = 0;
    bool found = code == NULL;
    if (found)
        return WF_OK;
    wf_status status = book_count_codes(l->book, txn, &count, err);
    names_init(&n, l->book, txn, err);
    for (uint64_t i = 0; i < count && !found && status == WF_OK; i++) {
        found = code_matches(code, names_code(&n, (code_id)i));
        status = n.status;
    }
    names_free(&n);
    if (status == WF_OK && !found)
        status = wf_fail(err, WF_USAGE,
                         _("no waste code %s in this ledger; the codes are listed by: wufei "
                           "balance --by code"),
                         code);
    return status;
}

wf_status api_check_names(wf_ledger *l, store_txn *txn, const wf_filter *filter, wf_error *err)
{
    store_txn *own = NULL;
    if (filter == NULL)
        return WF_OK;
    wf_status status = txn != NULL ? WF_OK : store_begin(&own, ledger_store(l->log), false, err);
    if (txn == NULL)
        txn = own;
    if (status == WF_OK)
        status = filter_check_id(l, txn, OBJECT_SITE, N_("site"), filter->site, err);
    if (status == WF_OK)
        status = filter_check_id(l, txn, OBJECT_PARTY, N_("party"), filter->party, err);
    if (status == WF_OK)
        status = filter_check_id(l, txn, OBJECT_VEHICLE, N_("vehicle"), filter->vehicle, err);
    if (status == WF_OK)
        status = filter_check_district(l, txn, filter->district, err);
    if (status == WF_OK)
        status = filter_check_code(l, txn, filter->code, err);
    store_abort(own);
    return status;
}
