/*
 * api/show.c: anything by its id: the object, its history with entry numbers, who vouches for it,
 * and what is wrong with it.
 *
 * It answers from single rows of the store, in a few milliseconds on a ledger of any size; so the
 * problems it names are those that the object's own record shows. The audit knows more, and takes
 * seconds: an empty table of problems is no clean bill.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/show.h"
#include "model/record.h"

static const wf_column field_columns[] = {
    {"field", N_("field"), WF_CELL_TEXT},
    {"value", N_("value"), WF_CELL_TEXT},
};
static const wf_column attribute_columns[] = {
    {"name", N_("name"), WF_CELL_TEXT},
    {"value", N_("value"), WF_CELL_TEXT},
};
static const wf_column history_columns[] = {
    {"entry", N_("entry"), WF_CELL_INTEGER},
    {"time", N_("time"), WF_CELL_TIME},
    {"what", N_("what"), WF_CELL_TEXT},
    {"site_id", N_("site"), WF_CELL_TEXT},
    {"party_id", N_("party"), WF_CELL_TEXT},
    {"vehicle_id", N_("vehicle"), WF_CELL_TEXT},
    {"mass_kg", N_("mass kg"), WF_CELL_MASS},
    {"note", N_("note"), WF_CELL_TEXT},
    {"signed_by", N_("who signed"), WF_CELL_TEXT},
    {"on_ledger_at", N_("on the ledger at"), WF_CELL_TIME},
};
static const wf_column weighing_columns[] = {
    {"ticket_id", N_("ticket"), WF_CELL_TEXT},   {"scale_id", N_("scale"), WF_CELL_TEXT},
    {"vehicle_id", N_("vehicle"), WF_CELL_TEXT}, {"gross_at", N_("gross at"), WF_CELL_TIME},
    {"gross_kg", N_("gross kg"), WF_CELL_MASS},  {"tare_at", N_("tare at"), WF_CELL_TIME},
    {"tare_kg", N_("tare kg"), WF_CELL_MASS},    {"net_kg", N_("net kg"), WF_CELL_MASS},
    {"manual", N_("by hand"), WF_CELL_INTEGER},  {"entry", N_("entry"), WF_CELL_INTEGER},
};

/* ---- the object ---------------------------------------------------------------------------- */

static wf_status show_entry(show_job *job, uint64_t seq, entry_view *entry, statement_view *st)
{
    span bytes;
    wf_status status = ledger_read(job->ledger->log, job->txn, seq, &bytes, entry, job->err);
    if (status == WF_OK)
        status = statement_parse(st, entry->statement, job->err);
    return status;
}

static void show_field(answer *a, const char *field, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    cell_text(a, field);
    cell_text(a, value);
    answer_row(a);
}

static void show_field_mass(answer *a, const char *field, int64_t mass_g)
{
    char text[NUMBER_TEXT];
    if (mass_g != MASS_NONE)
        show_field(a, field, mass_format_kg(text, mass_g));
}

/* A value of a record's JSON as one text, owned by the caller: words of a list (roles, methods) are
   joined by '|', as the bundle writes them. */
static char *show_value(const json_t *value)
{
    if (json_is_string(value))
        return strdup(json_string_value(value));
    buffer words = {0};
    size_t i;
    json_t *word;
    json_array_foreach(value, i, word)
    {
        if (!json_is_string(word))
            break;
        buffer_printf(&words, "%s%s", i == 0 ? "" : "|", json_string_value(word));
    }
    buffer_append_byte(&words, 0);
    bool all = json_is_array(value) && i == json_array_size(value) && !words.failed;
    char *text = all ? strdup((const char *)words.data)
                     : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    buffer_free(&words);
    return text;
}

/* The fields of the record as the log holds it, by the one writer of records as JSON; attributes
   have a table of their own. */
static wf_status show_record_fields(show_job *job, const statement_view *st, answer *a)
{
    Wufei__Record *record = NULL;
    buffer json = {0};
    wf_status status = record_decode(&record, &job->memory, st->record, job->err);
    if (status == WF_OK)
        status = record_to_json(&json, record, job->ledger->utc_offset_minutes, job->err);
    json_t *root = status != WF_OK ? NULL : json_loadb((const char *)json.data, json.size, 0, NULL);
    if (status == WF_OK && !json_is_object(root))
        status = wf_fail(job->err, WF_SYSTEM, _("a record's JSON form cannot be read"));
    const char *key;
    json_t *value;
    if (status == WF_OK) {
        json_object_foreach(root, key, value)
        {
            if (strcmp(key, "attributes") == 0)
                continue;
            char *text = show_value(value);
            if (text == NULL)
                status = wf_fail(job->err, WF_SYSTEM, _("out of memory"));
            else
                show_field(a, key, text);
            free(text);
        }
    }
    json_decref(root);
    buffer_free(&json);
    return status;
}

static void show_manifest_fields(show_job *job, const manifest_row *m, answer *a)
{
    show_field(a, "state", manifest_state_name(m->state));
    if (m->events > 0)
        show_field(a, "facility_site_now", names_key(&job->names, OBJECT_SITE, m->facility_site));
    show_field_mass(a, "picked_up_kg", m->picked_up_g);
    show_field_mass(a, "received_kg", m->received_g);
    show_field_mass(a, "rejected_kg", m->rejected_g == 0 ? MASS_NONE : m->rejected_g);
    show_field_mass(a, "returned_kg", m->returned_g == 0 ? MASS_NONE : m->returned_g);
    show_field_mass(a, "account_in_transit_kg", m->in_transit_g);
    show_field_mass(a, "account_unaccounted_kg", m->unaccounted_g);
}

/* What a manifest of another system brought along that our records have no field for. */
static wf_status show_attributes(show_job *job, const statement_view *st)
{
    Wufei__Record *record = NULL;
    wf_status status = record_decode(&record, &job->memory, st->record, job->err);
    if (status != WF_OK || record->body_case != WUFEI__RECORD__BODY_MANIFEST ||
        record->manifest->n_attributes == 0)
        return status;
    answer a;
    answer_begin(&a, job->sink, job->err, "attributes", N_("Attributes"),
                 COLUMNS(attribute_columns));
    for (size_t i = 0; i < record->manifest->n_attributes; i++) {
        cell_text(&a, record->manifest->attributes[i]->name);
        cell_text(&a, record->manifest->attributes[i]->value);
        answer_row(&a);
    }
    return answer_end(&a);
}

/* A record about the ledger itself: of a recovery, from where to where the log was lost. */
static wf_status show_system_fields(show_job *job, uint64_t seq, answer *a)
{
    ledger_recovery r;
    char number[32];
    bool found = false;
    wf_status status = ledger_next_recovery(job->ledger->log, seq, &found, &r, job->err);
    show_field(a, "file", "system");
    if (status != WF_OK || !found || r.seq != seq)
        return status;
    show_field(a, "record", "recovery");
    snprintf(number, sizeof number, "%llu", (unsigned long long)r.seq);
    show_field(a, "restored", number);
    snprintf(number, sizeof number, "%llu", (unsigned long long)r.last_size);
    if (r.last_known)
        show_field(a, "last_signed", number);
    return WF_OK;
}

static wf_status show_object(show_job *job, uint64_t seq, const manifest_row *manifest)
{
    entry_view entry;
    statement_view st;
    answer a;
    char number[32];
    wf_status status = show_entry(job, seq, &entry, &st);
    if (status != WF_OK)
        return status;
    answer_begin(&a, job->sink, job->err, "object", N_("Object"), COLUMNS(field_columns));
    if (st.record.data != NULL)
        status = show_record_fields(job, &st, &a);
    else
        status = show_system_fields(job, seq, &a);
    if (status != WF_OK)
        return status;
    snprintf(number, sizeof number, "%llu", (unsigned long long)seq);
    show_field(&a, "entry", number);
    if (manifest != NULL)
        show_manifest_fields(job, manifest, &a);
    status = answer_end(&a);
    if (job->names.status != WF_OK)
        return job->names.status;
    if (status == WF_OK && manifest != NULL)
        status = show_attributes(job, &st);
    return status;
}

/* ---- history ------------------------------------------------------------------------------- */

/* Who stands behind an entry: its author's own signature, or the operator for others. */
static wf_status show_signer(show_job *job, uint64_t seq, const char **out, int64_t *entered_ms)
{
    entry_view entry;
    statement_view st;
    wf_status status = show_entry(job, seq, &entry, &st);
    if (status != WF_OK)
        return status;
    *entered_ms = entry.time_ms;
    if (st.author.size == 8 && memcmp(st.author.data, "operator", 8) == 0)
        *out = _("attested by operator");
    else
        *out = arena_printf(&job->memory, _("signed by %.*s"), (int)st.author.size,
                            (const char *)st.author.data);
    return *out == NULL ? wf_fail(job->err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

static wf_status history_row(show_job *job, answer *a, const event_row *e, const char *what)
{
    const char *signer;
    int64_t entered_ms;
    wf_status status = show_signer(job, e->seq, &signer, &entered_ms);
    if (status != WF_OK)
        return status;
    names *n = &job->names;
    cell_integer(a, (int64_t)e->seq);
    cell_time(a, e->time_ms);
    cell_text(a, what);
    cell_text(a, names_key(n, OBJECT_SITE, e->site));
    cell_text(a, names_key(n, OBJECT_PARTY, e->party));
    cell_text(a, names_key(n, OBJECT_VEHICLE, e->vehicle));
    cell_mass(a, e->mass_g);
    cell_text(a, names_text(n, e->note, &job->memory));
    cell_text(a, signer);
    cell_time(a, entered_ms);
    answer_row(a);
    return n->status;
}

static wf_status history_manifest(show_job *job, const manifest_row *m, answer *a)
{
    event_row *events = NULL;
    size_t count = 0;
    event_row filed = {.seq = m->seq,
                       .time_ms = m->filed_ms,
                       .mass_g = m->declared_g,
                       .site = m->generator_site,
                       .party = m->carrier,
                       .vehicle = m->vehicle,
                       .note = BOOK_NONE};
    wf_status status = show_load_events(job, m, &events, &count);
    if (status == WF_OK)
        status = history_row(job, a, &filed, "filed");
    for (size_t i = 0; i < count && status == WF_OK; i++)
        status =
            history_row(job, a, &events[i], vocabulary_word(&vocabulary_event, events[i].kind));
    return status;
}

static wf_status show_history(show_job *job, uint64_t seq, const manifest_row *manifest)
{
    answer a;
    wf_status status;
    event_row entered = {.seq = seq,
                         .time_ms = TIME_NONE,
                         .mass_g = MASS_NONE,
                         .site = BOOK_NONE,
                         .party = BOOK_NONE,
                         .vehicle = BOOK_NONE,
                         .note = BOOK_NONE};
    answer_begin(&a, job->sink, job->err, "history", N_("History"), COLUMNS(history_columns));
    if (manifest != NULL)
        status = history_manifest(job, manifest, &a);
    else
        status = history_row(job, &a, &entered, "entered");
    return status == WF_OK ? answer_end(&a) : status;
}

/* ---- a manifest's weighings ----------------------------------------------------------------- */

static wf_status show_weighings(show_job *job, const manifest_row *m)
{
    answer a;
    weighing_row w;
    names *n = &job->names;
    answer_begin(&a, job->sink, job->err, "weighings", N_("Weighings"), COLUMNS(weighing_columns));
    for (weighing_id id = m->last_weighing; id != BOOK_NONE && a.status == WF_OK; id = w.previous) {
        wf_status status = book_get_weighing(job->ledger->book, job->txn, id, &w, job->err);
        if (status != WF_OK)
            return status;
        cell_text(&a, names_key(n, OBJECT_WEIGHING, id));
        cell_text(&a, names_key(n, OBJECT_SCALE, w.scale));
        cell_text(&a, names_key(n, OBJECT_VEHICLE, w.vehicle));
        cell_time(&a, w.gross_ms);
        cell_mass(&a, w.gross_g);
        cell_time(&a, w.tare_ms);
        cell_mass(&a, w.tare_g);
        cell_mass(&a, w.gross_g - w.tare_g);
        cell_integer(&a, w.manual != 0);
        cell_integer(&a, (int64_t)w.seq);
        answer_row(&a);
        if (n->status != WF_OK)
            return n->status;
        if (w.previous != BOOK_NONE && w.previous >= id)
            return show_broken_chain(job, "weighings", id);
    }
    return answer_end(&a);
}

/* ---- finding it ---------------------------------------------------------------------------- */

static bool show_is_finding(const char *id)
{
    return id[0] == 'F' && strlen(id) == 13 && strspn(id + 1, "0123456789abcdef") == 12;
}

static wf_status show_find(show_job *job, const char *id, enum object_kind *kind, uint32_t *index,
                           uint64_t *seq)
{
    api_thing thing;
    wf_status status = api_identify(job->ledger, job->txn, id, false, &thing, job->err);
    *kind = thing.kind;
    *index = thing.index;
    *seq = thing.seq;
    if (status != WF_OK || thing.found)
        return status;
    if (show_is_finding(id))
        return wf_fail(job->err, WF_USAGE,
                       _("%s is a finding; all about it: wufei audit --explain %s"), id, id);
    return api_unknown_id(job->ledger, job->txn, id, job->err);
}

static wf_status show_all(show_job *job, const char *id)
{
    enum object_kind kind;
    uint32_t index = 0;
    uint64_t seq = 0;
    manifest_row manifest;
    const manifest_row *m = NULL;
    wf_status status = show_find(job, id, &kind, &index, &seq);
    if (status == WF_OK && kind == OBJECT_MANIFEST) {
        status = book_get_manifest(job->ledger->book, job->txn, index, &manifest, job->err);
        m = &manifest;
    }
    if (status == WF_OK)
        status = show_object(job, seq, m);
    if (status == WF_OK)
        status = show_history(job, seq, m);
    if (status == WF_OK && m != NULL)
        status = show_weighings(job, m);
    if (status == WF_OK)
        status = show_problems(job, kind, index, m);
    return status;
}

wf_status wf_show(wf_ledger *l, const char *id, const wf_sink *sink, wf_error *err)
{
    show_job job = {.ledger = l, .sink = sink, .err = err};
    wf_error_clear(err);
    wf_status status = store_begin(&job.txn, ledger_store(l->log), false, err);
    if (status != WF_OK)
        return status;
    arena_init(&job.memory, 0);
    names_init(&job.names, l->book, job.txn, err);
    status = show_all(&job, id);
    names_free(&job.names);
    arena_free(&job.memory);
    store_abort(job.txn);
    return status;
}
