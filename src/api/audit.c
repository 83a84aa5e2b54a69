/*
 * api/audit.c: findings, their explanation, and the rules.
 */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "audit/rule.h"

/* The columns of bundle.md, Findings, in its order. */
static const wf_column audit_columns[] = {
    {"finding_id", N_("finding"), WF_CELL_TEXT},
    {"rule", N_("rule"), WF_CELL_TEXT},
    {"class", N_("class"), WF_CELL_TEXT},
    {"severity", N_("severity"), WF_CELL_INTEGER},
    {"subject_kind", N_("subject"), WF_CELL_TEXT},
    {"subject_id", N_("subject id"), WF_CELL_TEXT},
    {"from", N_("from"), WF_CELL_TIME},
    {"to", N_("to"), WF_CELL_TIME},
    {"kg", N_("kg"), WF_CELL_MASS},
    {"kg_low", N_("kg low"), WF_CELL_MASS},
    {"kg_high", N_("kg high"), WF_CELL_MASS},
    {"p", N_("p"), WF_CELL_REAL},
    {"detected_at", N_("detected at"), WF_CELL_TIME},
    {"related", N_("related"), WF_CELL_TEXT},
    {"sentence", N_("sentence"), WF_CELL_TEXT},
};
static const wf_column evidence_columns[] = {
    {"name", N_("input"), WF_CELL_TEXT},
    {"value", N_("value"), WF_CELL_TEXT},
    {"seq", N_("entry"), WF_CELL_INTEGER},
};
static const wf_column rule_columns[] = {
    {"rule", N_("rule"), WF_CELL_TEXT},
    {"name_en", N_("name"), WF_CELL_TEXT},
    {"name_zh", N_("Chinese name"), WF_CELL_TEXT},
    {"streams", N_("streams"), WF_CELL_TEXT},
    {"source", N_("source"), WF_CELL_TEXT},
};
static const wf_column parameter_columns[] = {
    {"rule", N_("rule"), WF_CELL_TEXT},     {"parameter", N_("parameter"), WF_CELL_TEXT},
    {"value", N_("value"), WF_CELL_REAL},   {"unit", N_("unit"), WF_CELL_TEXT},
    {"source", N_("source"), WF_CELL_TEXT},
};

static void audit_row(answer *a, const city *c, const finding *f, arena *memory)
{
    buffer related = {0};
    for (size_t i = 0; i < f->related_count; i++)
        buffer_printf(&related, "%s%s", i == 0 ? "" : "|", f->related[i]);
    buffer_append_byte(&related, 0);
    cell_text(a, f->id);
    cell_text(a, f->rule->id);
    cell_text(a, f->class == FINDING_FACT ? "fact" : "suspicion");
    cell_integer(a, f->severity);
    cell_text(a, subject_kind_name(f->subject_kind));
    cell_text(a, finding_subject_text(c, f, memory));
    cell_time(a, f->from_ms);
    cell_time(a, f->to_ms);
    cell_mass(a, f->mass_g);
    cell_mass(a, f->mass_low_g);
    cell_mass(a, f->mass_high_g);
    if (isnan(f->p))
        cell_empty(a);
    else
        cell_real(a, f->p);
    cell_time(a, f->detected_at_ms);
    cell_text(a, related.failed ? "" : (const char *)related.data);
    cell_text(a, f->sentence);
    answer_row(a);
    buffer_free(&related);
}

static wf_status audit_check_rule(const char *id, wf_error *err)
{
    buffer all = {0};
    if (id == NULL)
        return WF_OK;
    for (const rule *const *r = audit_rules(); *r != NULL; r++) {
        if (strcmp((*r)->id, id) == 0) {
            buffer_free(&all);
            return WF_OK;
        }
        buffer_printf(&all, " %s", (*r)->id);
    }
    buffer_append_byte(&all, 0);
    wf_status status = wf_fail(err, WF_USAGE, _("unknown rule '%s'; allowed:%s"), id,
                               all.failed ? "" : (const char *)all.data);
    buffer_free(&all);
    return status;
}

/* The plain id of what --about names. A mistyped id must not look like one that nothing is known
   against; but places, "lat,lon", are subjects that no record has as its id. */
static wf_status audit_about(wf_ledger *l, wf_filter *filter, arena *memory, wf_error *err)
{
    store_txn *txn = NULL;
    api_thing thing = {0};
    const char *id = filter->about;
    if (id == NULL || strchr(id, ',') != NULL)
        return WF_OK;
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = api_identify(l, txn, id, false, &thing, err);
    if (status == WF_OK && (!thing.found || thing.kind == OBJECT_NONE))
        status = api_unknown_id(l, txn, id, err);
    if (status == WF_OK)
        status = book_key_text(l->book, txn, thing.kind, thing.index, memory, &filter->about, err);
    store_abort(txn);
    return status;
}

/* Loads the city and runs the rules that the filter asks for. */
static wf_status audit_find(wf_ledger *l, const wf_filter *filter, city **c, audit_result **result,
                            wf_error *err)
{
    uint32_t stream = STREAM_NONE;
    audit_options options = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .threads = l->threads};
    if (filter != NULL) {
        wf_status status = api_refuse_filters(filter, "findings",
                                              "rule|stream|kind|site|party|vehicle|from|to", err);
        if (status == WF_OK && filter->kind != NULL && !list_has("fact|suspicion", filter->kind))
            status = wf_fail(err, WF_USAGE, _("unknown class '%s'; allowed: fact, suspicion"),
                             filter->kind);
        if (status == WF_OK)
            status = audit_check_rule(filter->rule, err);
        if (status == WF_OK)
            status = api_check_names(l, NULL, filter, err);
        if (status == WF_OK)
            status = api_word(&stream, &vocabulary_stream, filter->stream, err);
        if (status != WF_OK)
            return status;
        options.rule = filter->rule;
        options.from_ms = filter->from_ms;
        options.to_ms = filter->to_ms;
    }
    options.stream = (enum waste_stream)stream;
    wf_status status = city_load(c, l->book, true, err);
    if (status == WF_OK)
        status = audit_run(result, *c, &options, err);
    return status;
}

static bool audit_is_of(const city *c, const finding *f, const char *id, arena *memory)
{
    return strcmp(finding_subject_text(c, f, memory), id) == 0;
}

static bool audit_relates(const finding *f, const char *id)
{
    for (size_t i = 0; i < f->related_count; i++)
        if (strcmp(f->related[i], id) == 0)
            return true;
    return false;
}

/* Does the finding pass what the engine itself does not select by? */
static bool audit_matches(const city *c, const finding *f, const wf_filter *filter, arena *memory)
{
    static const struct {
        enum subject_kind kind;
        size_t offset;
    } subjects[] = {
        {SUBJECT_SITE, offsetof(wf_filter, site)},
        {SUBJECT_PARTY, offsetof(wf_filter, party)},
        {SUBJECT_VEHICLE, offsetof(wf_filter, vehicle)},
    };
    if (filter->kind != NULL &&
        strcmp(filter->kind, f->class == FINDING_FACT ? "fact" : "suspicion") != 0)
        return false;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const char *wanted;
        memcpy(&wanted, (const char *)filter + subjects[i].offset, sizeof wanted);
        if (wanted != NULL &&
            !(f->subject_kind == subjects[i].kind && audit_is_of(c, f, wanted, memory)) &&
            !audit_relates(f, wanted))
            return false;
    }
    return filter->about == NULL || audit_is_of(c, f, filter->about, memory) ||
           audit_relates(f, filter->about);
}

wf_status wf_audit(wf_ledger *l, const wf_filter *asked, const wf_sink *sink, wf_audit_summary *out,
                   wf_error *err)
{
    wf_filter own = {.from_ms = WF_TIME_NONE, .to_ms = WF_TIME_NONE};
    const wf_filter *filter = &own;
    city *c = NULL;
    audit_result *result = NULL;
    wf_audit_summary summary = {0};
    arena memory;
    answer a;
    wf_error_clear(err);
    arena_init(&memory, 0);
    if (asked != NULL)
        own = *asked;
    wf_status status = audit_about(l, &own, &memory, err);
    if (status == WF_OK)
        status = audit_find(l, filter, &c, &result, err);
    if (status != WF_OK)
        goto out;
    answer_begin(&a, sink, err, "findings", N_("Findings, in the order of priority"),
                 COLUMNS(audit_columns));
    uint64_t rows = 0;
    for (size_t i = 0; i < result->count; i++) {
        const finding *f = &result->findings[i];
        if (!audit_matches(c, f, filter, &memory))
            continue;
        if (f->class == FINDING_FACT)
            summary.facts++;
        else
            summary.suspicions++;
        if (f->severity > summary.highest_severity)
            summary.highest_severity = f->severity;
        if (filter->limit == 0 || rows < filter->limit)
            audit_row(&a, c, f, &memory);
        rows++;
    }
    status = answer_end(&a);
    if (out != NULL)
        *out = summary;
out:
    arena_free(&memory);
    audit_free(result);
    city_free(c);
    return status;
}

static wf_status explain_answer(const city *c, const finding *f, const wf_sink *sink, wf_error *err)
{
    answer a;
    arena memory;
    arena_init(&memory, 0);
    answer_begin(&a, sink, err, "findings", N_("Finding"), COLUMNS(audit_columns));
    audit_row(&a, c, f, &memory);
    wf_status status = answer_end(&a);
    arena_free(&memory);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "evidence", N_("Every input and number of it"),
                 COLUMNS(evidence_columns));
    for (size_t i = 0; i < f->evidence_count; i++) {
        const evidence *e = &f->evidence[i];
        cell_text(&a, _(e->name));
        cell_text(&a, e->value);
        if (e->seq == SEQ_COMPUTED)
            cell_empty(&a);
        else
            cell_integer(&a, (int64_t)e->seq);
        answer_row(&a);
    }
    return answer_end(&a);
}

static void parameter_rows(answer *a, const rule *r)
{
    for (size_t i = 0; i < r->parameter_count; i++) {
        const rule_parameter *p = &r->parameters[i];
        cell_text(a, r->id);
        cell_text(a, p->name);
        cell_real(a, p->value);
        cell_text(a, p->unit);
        cell_text(a, p->source);
        answer_row(a);
    }
}

wf_status wf_explain(wf_ledger *l, const char *finding_id, const wf_sink *sink, wf_error *err)
{
    city *c = NULL;
    audit_result *result = NULL;
    answer a;
    wf_error_clear(err);
    wf_status status = audit_find(l, NULL, &c, &result, err);
    if (status != WF_OK)
        goto out;
    const finding *found = NULL;
    for (size_t i = 0; i < result->count && found == NULL; i++)
        if (strcmp(result->findings[i].id, finding_id) == 0)
            found = &result->findings[i];
    if (found == NULL) {
        status = wf_fail(err, WF_USAGE,
                         _("no finding '%s' in this ledger; its ids are listed by: wufei audit"),
                         finding_id);
        goto out;
    }
    status = explain_answer(c, found, sink, err);
    if (status == WF_OK) {
        answer_begin(&a, sink, err, "parameters", N_("Parameters of the rule"),
                     COLUMNS(parameter_columns));
        parameter_rows(&a, found->rule);
        status = answer_end(&a);
    }
out:
    audit_free(result);
    city_free(c);
    return status;
}

static void rule_streams(char *out, size_t size, unsigned streams)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned s = 1; s < STREAM_COUNT && used < size; s++)
        if (streams & STREAM_BIT(s))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used == 0 ? "" : "|",
                                     vocabulary_word(&vocabulary_stream, s));
}

wf_status wf_rules(const wf_sink *sink, wf_error *err)
{
    answer a;
    char streams[120];
    wf_error_clear(err);
    answer_begin(&a, sink, err, "rules", N_("Rules of the audit"), COLUMNS(rule_columns));
    for (const rule *const *r = audit_rules(); *r != NULL; r++) {
        rule_streams(streams, sizeof streams, (*r)->streams);
        cell_text(&a, (*r)->id);
        cell_text(&a, (*r)->name_en);
        cell_text(&a, (*r)->name_zh);
        cell_text(&a, streams);
        cell_text(&a, (*r)->source);
        answer_row(&a);
    }
    wf_status status = answer_end(&a);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "parameters", N_("Parameters"), COLUMNS(parameter_columns));
    for (const rule *const *r = audit_rules(); *r != NULL; r++)
        parameter_rows(&a, *r);
    return answer_end(&a);
}
