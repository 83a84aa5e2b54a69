/*
 * api/list.c: rows of the registry and manifests, straight from the store, one at a time, so that a
 * list of millions needs no more memory than the names in it.
 */
#include <string.h>

#include "api/api.h"

typedef struct list_job {
    wf_ledger *ledger;
    store_txn *txn;
    const wf_filter *filter;
    const wf_sink *sink;
    wf_error *err;
    names names;
    uint32_t number; /* of the word that the filter's kind, state or stream names */
    uint32_t stream;
} list_job;

typedef struct list_kind {
    const char *name;
    const char *title;
    enum object_kind kind;
    const wf_column *columns;
    size_t column_count;
    const char *filters;
    wf_status (*row)(list_job *job, uint32_t index, answer *a, bool *taken);
    const vocabulary *kinds; /* of --kind */
} list_kind;

static const wf_column manifest_columns[] = {
    {"manifest_id", N_("manifest"), WF_CELL_TEXT},
    {"stream", N_("stream"), WF_CELL_TEXT},
    {"waste_code", N_("waste code"), WF_CELL_TEXT},
    {"state", N_("state"), WF_CELL_TEXT},
    {"generator_site", N_("from site"), WF_CELL_TEXT},
    {"facility_site", N_("to site"), WF_CELL_TEXT},
    {"carrier_id", N_("carrier"), WF_CELL_TEXT},
    {"vehicle_id", N_("vehicle"), WF_CELL_TEXT},
    {"filed_at", N_("filed at"), WF_CELL_TIME},
    {"picked_up_at", N_("picked up at"), WF_CELL_TIME},
    {"received_at", N_("received at"), WF_CELL_TIME},
    {"declared_kg", N_("declared kg"), WF_CELL_MASS},
    {"picked_up_kg", N_("picked up kg"), WF_CELL_MASS},
    {"received_kg", N_("received kg"), WF_CELL_MASS},
    {"in_transit_kg", N_("in transit kg"), WF_CELL_MASS},
    {"unaccounted_kg", N_("unaccounted kg"), WF_CELL_MASS},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column site_columns[] = {
    {"site_id", N_("site"), WF_CELL_TEXT},
    {"party_id", N_("party"), WF_CELL_TEXT},
    {"name", N_("name"), WF_CELL_TEXT},
    {"kind", N_("kind"), WF_CELL_TEXT},
    {"lat", N_("latitude"), WF_CELL_TEXT},
    {"lon", N_("longitude"), WF_CELL_TEXT},
    {"district", N_("district"), WF_CELL_TEXT},
    {"storage_limit_kg", N_("storage limit kg"), WF_CELL_MASS},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column party_columns[] = {
    {"party_id", N_("party"), WF_CELL_TEXT},
    {"name", N_("name"), WF_CELL_TEXT},
    {"roles", N_("roles"), WF_CELL_TEXT},
    {"legal_id", N_("legal id"), WF_CELL_TEXT},
    {"district", N_("district"), WF_CELL_TEXT},
    {"registered_at", N_("registered at"), WF_CELL_TIME},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column vehicle_columns[] = {
    {"vehicle_id", N_("vehicle"), WF_CELL_TEXT},
    {"party_id", N_("party"), WF_CELL_TEXT},
    {"kind", N_("kind"), WF_CELL_TEXT},
    {"tare_kg", N_("tare kg"), WF_CELL_MASS},
    {"max_payload_kg", N_("largest payload kg"), WF_CELL_MASS},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column permit_columns[] = {
    {"permit_id", N_("permit"), WF_CELL_TEXT},
    {"holder_id", N_("holder"), WF_CELL_TEXT},
    {"kind", N_("kind"), WF_CELL_TEXT},
    {"waste_codes", N_("waste codes"), WF_CELL_TEXT},
    {"methods", N_("methods"), WF_CELL_TEXT},
    {"limit_kg_per_year", N_("kg a year"), WF_CELL_MASS},
    {"limit_kg_per_day", N_("kg a day"), WF_CELL_MASS},
    {"valid_from", N_("valid from"), WF_CELL_TIME},
    {"valid_to", N_("valid to"), WF_CELL_TIME},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column scale_columns[] = {
    {"scale_id", N_("scale"), WF_CELL_TEXT},
    {"site_id", N_("site"), WF_CELL_TEXT},
    {"division_kg", N_("division kg"), WF_CELL_MASS},
    {"max_kg", N_("largest kg"), WF_CELL_MASS},
    {"calibrated_at", N_("calibrated at"), WF_CELL_TIME},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};

static bool list_same(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static wf_status list_site_party(list_job *job, site_id site, const char **party,
                                 const char **district)
{
    site_row row;
    *party = *district = "";
    if (site == BOOK_NONE)
        return WF_OK;
    wf_status status = book_get_site(job->ledger->book, job->txn, site, &row, job->err);
    if (status != WF_OK)
        return status;
    *party = names_key(&job->names, OBJECT_PARTY, row.party);
    *district = names_text(&job->names, row.district, &job->names.memory);
    return job->names.status;
}

/* Filters that need the sites' own rows, which most lists do not. */
static wf_status manifest_place_taken(list_job *job, const manifest_row *row, bool *taken)
{
    const wf_filter *f = job->filter;
    const char *party[2], *district[2];
    wf_status status = list_site_party(job, row->generator_site, &party[0], &district[0]);
    if (status == WF_OK)
        status = list_site_party(job, row->facility_site, &party[1], &district[1]);
    if (status != WF_OK)
        return status;
    if (f->party != NULL)
        *taken = strcmp(f->party, party[0]) == 0 || strcmp(f->party, party[1]) == 0 ||
                 strcmp(f->party, names_key(&job->names, OBJECT_PARTY, row->carrier)) == 0;
    if (f->district != NULL)
        *taken = *taken &&
                 (strcmp(f->district, district[0]) == 0 || strcmp(f->district, district[1]) == 0);
    return WF_OK;
}

static wf_status manifest_taken(list_job *job, const manifest_row *row, bool *taken)
{
    const wf_filter *f = job->filter;
    names *n = &job->names;
    *taken =
        api_within(row->filed_ms, f->from_ms, f->to_ms) &&
        (job->stream == 0 || job->stream == row->stream) &&
        (f->state == NULL || job->number == row->state) &&
        (f->code == NULL || code_matches(f->code, names_code(n, row->code))) &&
        list_same(f->vehicle,
                  f->vehicle == NULL ? "" : names_key(n, OBJECT_VEHICLE, row->vehicle)) &&
        (f->site == NULL || strcmp(f->site, names_key(n, OBJECT_SITE, row->generator_site)) == 0 ||
         strcmp(f->site, names_key(n, OBJECT_SITE, row->facility_site)) == 0);
    if (*taken && (f->party != NULL || f->district != NULL))
        return manifest_place_taken(job, row, taken);
    return n->status;
}

static wf_status list_manifest(list_job *job, uint32_t index, answer *a, bool *taken)
{
    manifest_row row;
    names *n = &job->names;
    wf_status status = book_get_manifest(job->ledger->book, job->txn, index, &row, job->err);
    if (status == WF_OK)
        status = manifest_taken(job, &row, taken);
    if (status != WF_OK || !*taken)
        return status;
    arena memory; /* a manifest's own id is read once: keeping a million of them helps nobody */
    const char *id = "";
    arena_init(&memory, 256);
    status =
        book_key_text(job->ledger->book, job->txn, OBJECT_MANIFEST, index, &memory, &id, job->err);
    cell_text(a, id);
    cell_text(a, vocabulary_word(&vocabulary_stream, row.stream));
    cell_text(a, names_code(n, row.code));
    cell_text(a, manifest_state_name(row.state));
    cell_text(a, names_key(n, OBJECT_SITE, row.generator_site));
    cell_text(a, names_key(n, OBJECT_SITE, row.facility_site));
    cell_text(a, names_key(n, OBJECT_PARTY, row.carrier));
    cell_text(a, names_key(n, OBJECT_VEHICLE, row.vehicle));
    cell_time(a, row.filed_ms);
    cell_time(a, row.picked_up_ms);
    cell_time(a, row.received_ms);
    cell_mass(a, row.declared_g);
    cell_mass(a, row.picked_up_g);
    cell_mass(a, row.received_g);
    cell_mass(a, row.in_transit_g);
    cell_mass(a, row.unaccounted_g);
    cell_integer(a, (int64_t)row.seq);
    if (status == WF_OK)
        status = n->status;
    if (status == WF_OK)
        answer_row(a);
    arena_free(&memory);
    return status;
}

static wf_status list_site(list_job *job, uint32_t index, answer *a, bool *taken)
{
    site_row row;
    names *n = &job->names;
    wf_status status = book_get_site(job->ledger->book, job->txn, index, &row, job->err);
    if (status != WF_OK)
        return status;
    const char *district = names_text(n, row.district, &n->memory);
    const char *party = names_key(n, OBJECT_PARTY, row.party);
    *taken = (job->number == 0 || job->number == row.kind) &&
             list_same(job->filter->party, party) && list_same(job->filter->district, district);
    if (n->status != WF_OK || !*taken)
        return n->status;
    cell_text(a, names_key(n, OBJECT_SITE, index));
    cell_text(a, party);
    cell_text(a, names_text(n, row.name, &n->memory));
    cell_text(a, vocabulary_word(&vocabulary_site_kind, row.kind));
    for (int i = 0; i < 2; i++) {
        if (row.location_unknown)
            cell_empty(a);
        else
            cell_degrees(a, i == 0 ? row.lat_e7 : row.lon_e7);
    }
    cell_text(a, district);
    cell_mass(a, row.storage_limit_g);
    cell_integer(a, (int64_t)row.seq);
    answer_row(a);
    return n->status;
}

static wf_status list_party(list_job *job, uint32_t index, answer *a, bool *taken)
{
    party_row row;
    char roles[120] = "";
    size_t used = 0;
    names *n = &job->names;
    wf_status status = book_get_party(job->ledger->book, job->txn, index, &row, job->err);
    if (status != WF_OK)
        return status;
    const char *district = names_text(n, row.district, &n->memory);
    *taken = (job->number == 0 || (row.roles & 1u << (job->number - 1)) != 0) &&
             list_same(job->filter->district, district);
    if (n->status != WF_OK || !*taken)
        return n->status;
    for (uint32_t bit = 0; bit < 4; bit++)
        if (row.roles & 1u << bit)
            used +=
                (size_t)snprintf(roles + used, sizeof roles - used, "%s%s", used == 0 ? "" : "|",
                                 vocabulary_word(&vocabulary_role, bit + 1));
    cell_text(a, names_key(n, OBJECT_PARTY, index));
    cell_text(a, names_text(n, row.name, &n->memory));
    cell_text(a, roles);
    cell_text(a, names_text(n, row.legal_id, &n->memory));
    cell_text(a, district);
    cell_time(a, row.registered_ms);
    cell_integer(a, (int64_t)row.seq);
    answer_row(a);
    return n->status;
}

static wf_status list_vehicle(list_job *job, uint32_t index, answer *a, bool *taken)
{
    vehicle_row row;
    names *n = &job->names;
    wf_status status = book_get_vehicle(job->ledger->book, job->txn, index, &row, job->err);
    if (status != WF_OK)
        return status;
    const char *party = names_key(n, OBJECT_PARTY, row.party);
    const char *kind = names_text(n, row.kind, &n->memory);
    *taken = list_same(job->filter->party, party) && list_same(job->filter->kind, kind);
    if (n->status != WF_OK || !*taken)
        return n->status;
    cell_text(a, names_key(n, OBJECT_VEHICLE, index));
    cell_text(a, party);
    cell_text(a, kind);
    cell_mass(a, row.tare_g);
    cell_mass(a, row.max_payload_g);
    cell_integer(a, (int64_t)row.seq);
    answer_row(a);
    return n->status;
}

static wf_status list_permit(list_job *job, uint32_t index, answer *a, bool *taken)
{
    permit_row row;
    names *n = &job->names;
    const wf_filter *f = job->filter;
    wf_status status =
        book_get_row(job->ledger->book, job->txn, OBJECT_PERMIT, index, &row, sizeof row, job->err);
    if (status != WF_OK)
        return status;
    const char *party = names_key(n, OBJECT_PARTY, row.holder_party);
    const char *site = names_key(n, OBJECT_SITE, row.holder_site);
    const char *codes = names_text(n, row.waste_codes, &n->memory);
    *taken = (job->number == 0 || job->number == row.kind) && list_same(f->party, party) &&
             list_same(f->site, site) && (f->code == NULL || code_matches(codes, f->code)) &&
             (f->from_ms == TIME_NONE || row.valid_to_ms >= f->from_ms) &&
             (f->to_ms == TIME_NONE || row.valid_from_ms < f->to_ms);
    if (n->status != WF_OK || !*taken)
        return n->status;
    cell_text(a, names_key(n, OBJECT_PERMIT, index));
    cell_text(a, row.holder_party == BOOK_NONE ? site : party);
    cell_text(a, vocabulary_word(&vocabulary_permit_kind, row.kind));
    cell_text(a, codes);
    cell_text(a, names_text(n, row.methods, &n->memory));
    cell_mass(a, row.limit_g_per_year);
    cell_mass(a, row.limit_g_per_day);
    cell_time(a, row.valid_from_ms);
    cell_time(a, row.valid_to_ms);
    cell_integer(a, (int64_t)row.seq);
    answer_row(a);
    return n->status;
}

static wf_status list_scale(list_job *job, uint32_t index, answer *a, bool *taken)
{
    scale_row row;
    names *n = &job->names;
    wf_status status =
        book_get_row(job->ledger->book, job->txn, OBJECT_SCALE, index, &row, sizeof row, job->err);
    if (status != WF_OK)
        return status;
    const char *site = names_key(n, OBJECT_SITE, row.site);
    *taken = list_same(job->filter->site, site);
    if (n->status != WF_OK || !*taken)
        return n->status;
    cell_text(a, names_key(n, OBJECT_SCALE, index));
    cell_text(a, site);
    cell_mass(a, row.division_g);
    cell_mass(a, row.max_g);
    cell_time(a, row.calibrated_ms);
    cell_integer(a, (int64_t)row.seq);
    answer_row(a);
    return n->status;
}

static const list_kind list_kinds[] = {
    {"manifests", N_("Manifests"), OBJECT_MANIFEST, COLUMNS(manifest_columns),
     "stream|state|site|party|vehicle|district|code|from|to", list_manifest, NULL},
    {"sites", N_("Sites"), OBJECT_SITE, COLUMNS(site_columns), "kind|party|district", list_site,
     &vocabulary_site_kind},
    {"parties", N_("Parties"), OBJECT_PARTY, COLUMNS(party_columns), "kind|district", list_party,
     &vocabulary_role},
    {"vehicles", N_("Vehicles"), OBJECT_VEHICLE, COLUMNS(vehicle_columns), "kind|party",
     list_vehicle, NULL},
    {"permits", N_("Permits"), OBJECT_PERMIT, COLUMNS(permit_columns),
     "kind|party|site|code|from|to", list_permit, &vocabulary_permit_kind},
    {"scales", N_("Scales"), OBJECT_SCALE, COLUMNS(scale_columns), "site", list_scale, NULL},
};

static wf_status list_state(uint32_t *out, const char *state, wf_error *err)
{
    char all[300];
    size_t used = 0;
    for (uint32_t s = 0; s < MANIFEST_STATE_COUNT; s++) {
        const char *name = manifest_state_name((enum manifest_state)s);
        if (strcmp(name, state) == 0) {
            *out = s;
            return WF_OK;
        }
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", s == 0 ? "" : ", ", name);
    }
    return wf_fail(err, WF_USAGE, _("unknown state '%s'; allowed: %s"), state, all);
}

static wf_status list_prepare(list_job *job, const list_kind *k)
{
    wf_status status = api_refuse_filters(job->filter, k->name, k->filters, job->err);
    if (status == WF_OK)
        status = api_word(&job->stream, &vocabulary_stream, job->filter->stream, job->err);
    if (status == WF_OK && k->kinds != NULL)
        status = api_word(&job->number, k->kinds, job->filter->kind, job->err);
    if (status == WF_OK && job->filter->state != NULL)
        status = list_state(&job->number, job->filter->state, job->err);
    wf_filter named = *job->filter;
    if (k->kind == OBJECT_PERMIT)
        named.code = NULL; /* who may treat what was never named yet is a fair question */
    if (status == WF_OK)
        status = api_check_names(job->ledger, job->txn, &named, job->err);
    return status;
}

static wf_status list_rows(list_job *job, const list_kind *k)
{
    uint64_t count = 0;
    answer a;
    uint64_t taken_count = 0;
    wf_status status = book_count_kind(job->ledger->book, job->txn, k->kind, &count, job->err);
    if (status != WF_OK)
        return status;
    answer_begin(&a, job->sink, job->err, k->name, k->title, k->columns, k->column_count);
    for (uint64_t i = 0; i < count && a.status == WF_OK; i++) {
        bool taken = false;
        if (job->filter->limit != 0 && taken_count >= job->filter->limit)
            break;
        status = k->row(job, (uint32_t)i, &a, &taken);
        if (status != WF_OK)
            return status;
        taken_count += taken;
    }
    return answer_end(&a);
}

wf_status wf_list(wf_ledger *l, const char *what, const wf_filter *filter, const wf_sink *sink,
                  wf_error *err)
{
    static const wf_filter none = {.from_ms = TIME_NONE, .to_ms = TIME_NONE};
    const list_kind *k = NULL;
    list_job job = {
        .ledger = l, .filter = filter == NULL ? &none : filter, .sink = sink, .err = err};
    wf_error_clear(err);
    if (strcmp(what, "findings") == 0)
        return wf_audit(l, filter, sink, NULL, err);
    for (size_t i = 0; i < sizeof list_kinds / sizeof *list_kinds && k == NULL; i++)
        if (strcmp(list_kinds[i].name, what) == 0)
            k = &list_kinds[i];
    if (k == NULL)
        return wf_fail(err, WF_USAGE,
                       _("cannot list '%s'; allowed: manifests, sites, parties, vehicles, permits, "
                         "scales, findings"),
                       what);
    wf_status status = store_begin(&job.txn, ledger_store(l->log), false, err);
    if (status != WF_OK)
        return status;
    names_init(&job.names, l->book, job.txn, err);
    status = list_prepare(&job, k);
    if (status == WF_OK)
        status = list_rows(&job, k);
    names_free(&job.names);
    store_abort(job.txn);
    return status;
}
