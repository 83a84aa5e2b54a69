/*
 * api/show_problems.c: what is wrong with an object, as far as its own rows show it: masses that
 * are missing, acts that are possible but odd. The audit compares it with all others and knows
 * more.
 */
#include <stdio.h>
#include <string.h>

#include "api/show.h"

enum { TREATMENT_ROWS_MAX = 200 };

static const wf_column problem_columns[] = {
    {"problem", N_("problem"), WF_CELL_TEXT},
    {"kg", N_("kg"), WF_CELL_MASS},
    {"since", N_("since"), WF_CELL_TIME},
    {"sentence", N_("sentence"), WF_CELL_TEXT},
};

static void problem_row(answer *a, const char *problem, int64_t mass_g, int64_t since_ms,
                        const char *sentence)
{
    cell_text(a, problem);
    cell_mass(a, mass_g);
    cell_time(a, since_ms);
    cell_text(a, sentence);
    answer_row(a);
}

/* ---- a manifest ----------------------------------------------------------------------------- */

static void manifest_masses(answer *a, const manifest_row *m)
{
    char sent[NUMBER_TEXT], received[NUMBER_TEXT];
    char text[300];
    bool picked_up = m->picked_up_ms != TIME_NONE;
    if (m->in_transit_g != 0)
        problem_row(a, "in_transit", m->in_transit_g, m->picked_up_ms,
                    _("picked up and not yet received, returned or written off"));
    if (m->unaccounted_g != 0 && m->unaccounted_g != MASS_NONE) {
        snprintf(text, sizeof text, _("%s kg were picked up and %s kg received"),
                 mass_format_kg(sent, m->picked_up_g == MASS_NONE ? 0 : m->picked_up_g),
                 mass_format_kg(received, m->received_g == MASS_NONE ? 0 : m->received_g));
        problem_row(a, m->unaccounted_g > 0 ? "unaccounted" : "undeclared",
                    m->unaccounted_g > 0 ? m->unaccounted_g : -m->unaccounted_g, m->received_ms,
                    text);
    }
    if (m->received_ms != TIME_NONE && !picked_up)
        problem_row(a, "no_pick_up", m->received_g, m->received_ms,
                    _("received, and no pick-up is on the ledger"));
    if (m->received_ms != TIME_NONE && m->confirmed_ms == TIME_NONE)
        problem_row(a, "not_confirmed", m->received_g, m->received_ms,
                    _("received, and not yet confirmed by the facility"));
    if (m->state == MANIFEST_FILED)
        problem_row(a, "not_picked_up", m->declared_g, m->filed_ms,
                    _("filed, and never picked up"));
}

/* "999-999-99": a digit for each 9, any other character for itself; the end may be open ("*"). */
static bool has_form(const char *code, const char *form)
{
    for (; *form != '\0' && *form != '*'; form++, code++)
        if (*form == '9' ? *code < '0' || *code > '9' : *code != *form)
            return false;
    return *form == '*' || *code == '\0';
}

static bool code_fits(const char *code, enum waste_stream stream)
{
    static const char *const codes_of_epa[] = {"D999", "F999", "K999", "P999", "U999"};
    if (stream == STREAM_MEDICAL)
        return has_form(code, "841-999-99");
    if (stream != STREAM_HAZARDOUS)
        return has_form(code, "SW99*") || has_form(code, "999-999-S99");
    for (size_t i = 0; i < sizeof codes_of_epa / sizeof *codes_of_epa; i++)
        if (has_form(code, codes_of_epa[i]))
            return true;
    return has_form(code, "999-999-99");
}

static void manifest_form(show_job *job, answer *a, const manifest_row *m)
{
    char text[300];
    const char *code = names_code(&job->names, m->code);
    if (m->generator_site == m->facility_site)
        problem_row(a, "same_site", MASS_NONE, m->filed_ms,
                    _("the load goes to the site that it comes from"));
    if (!code_fits(code, (enum waste_stream)m->stream)) {
        snprintf(text, sizeof text, _("%s is no known form of a waste code of the stream %s"), code,
                 vocabulary_word(&vocabulary_stream, m->stream));
        problem_row(a, "waste_code", MASS_NONE, m->filed_ms, text);
    }
}

static void received_elsewhere(show_job *job, answer *a, const manifest_row *m, const event_row *e)
{
    char text[400];
    snprintf(text, sizeof text,
             _("received at %s, the manifest names %s, and nobody redirected it"),
             names_key(&job->names, OBJECT_SITE, e->site),
             names_key(&job->names, OBJECT_SITE, m->facility_site));
    problem_row(a, "other_site", e->mass_g, e->time_ms, text);
}

static wf_status manifest_acts(show_job *job, answer *a, const manifest_row *m)
{
    event_row *events = NULL;
    size_t count = 0;
    size_t redirected = 0; /* events up to the last redirection */
    bool received = false;
    bool confirmed = false;
    wf_status status = show_load_events(job, m, &events, &count);
    for (size_t i = 0; status == WF_OK && i < count; i++)
        if (events[i].kind == EVENT_REDIRECTED)
            redirected = i + 1;
    for (size_t i = 0; status == WF_OK && i < count; i++) {
        const event_row *e = &events[i];
        if (e->kind == EVENT_RECEIVED && i >= redirected && e->site != m->facility_site)
            received_elsewhere(job, a, m, e);
        bool late = m->received_ms != TIME_NONE && e->time_ms > m->received_ms;
        if (e->kind == EVENT_PICKED_UP && (received || late))
            problem_row(a, "pick_up_after_receipt", e->mass_g, e->time_ms,
                        late ? _("the pick-up lies after the receipt")
                             : _("the pick-up was entered after the receipt"));
        if (e->kind == EVENT_RETURNED && confirmed)
            problem_row(a, "returned_after_confirmed", e->mass_g, e->time_ms,
                        _("returned after the facility had confirmed it"));
        received = received || e->kind == EVENT_RECEIVED;
        confirmed = confirmed || e->kind == EVENT_CONFIRMED;
    }
    return status;
}

/* ---- weighings and treatments --------------------------------------------------------------- */

static void weighing_problem(answer *a, const weighing_row *w, const char *ticket)
{
    char gross[NUMBER_TEXT], tare[NUMBER_TEXT];
    char text[400];
    if (w->gross_g >= w->tare_g)
        return;
    snprintf(text, sizeof text, _("%s: gross %s kg is below tare %s kg"), ticket,
             mass_format_kg(gross, w->gross_g), mass_format_kg(tare, w->tare_g));
    problem_row(a, "gross_below_tare", w->tare_g - w->gross_g, w->gross_ms, text);
}

static wf_status weighing_problems(show_job *job, answer *a, weighing_id first)
{
    weighing_row w = {.previous = BOOK_NONE};
    for (weighing_id id = first; id != BOOK_NONE && a->status == WF_OK; id = w.previous) {
        wf_status status = book_get_weighing(job->ledger->book, job->txn, id, &w, job->err);
        if (status != WF_OK)
            return status;
        if (w.previous != BOOK_NONE && w.previous >= id)
            return show_broken_chain(job, "weighings", id);
        weighing_problem(a, &w, names_key(&job->names, OBJECT_WEIGHING, id));
    }
    return WF_OK;
}

/* Its rows, one an output, follow each other in the table, as they were entered together. */
static wf_status treatment_problems(show_job *job, answer *a, uint32_t first)
{
    treatment_row row = {.mass_g = 0};
    uint64_t all = 0;
    int64_t input_g = 0;
    int64_t output_g = 0;
    book *b = job->ledger->book;
    const char *id = "";
    wf_status status = book_count_kind(b, job->txn, OBJECT_TREATMENT, &all, job->err);
    if (status == WF_OK)
        status = book_key_text(b, job->txn, OBJECT_TREATMENT, first, &job->memory, &id, job->err);
    for (uint32_t i = first; status == WF_OK && i < all && i - first < TREATMENT_ROWS_MAX; i++) {
        const char *other = "";
        status = book_key_text(b, job->txn, OBJECT_TREATMENT, i, &job->memory, &other, job->err);
        if (status != WF_OK || strcmp(id, other) != 0)
            break;
        status = book_get_row(b, job->txn, OBJECT_TREATMENT, i, &row, sizeof row, job->err);
        if (i == first)
            input_g = row.mass_g;
        if (row.output_g != MASS_NONE)
            output_g += row.output_g; /* 200 times MASS_MAX_G at the most */
    }
    if (status == WF_OK && output_g > input_g) {
        char in[NUMBER_TEXT], out[NUMBER_TEXT];
        char text[300];
        snprintf(text, sizeof text, _("its outputs, %s kg, exceed its input, %s kg"),
                 mass_format_kg(out, output_g), mass_format_kg(in, input_g));
        problem_row(a, "outputs_exceed_input", output_g - input_g, row.time_ms, text);
    }
    return status;
}

wf_status show_problems(show_job *job, enum object_kind kind, uint32_t index, const manifest_row *m)
{
    answer a;
    wf_status status = WF_OK;
    if (kind == OBJECT_NONE)
        return WF_OK; /* an entry by its number is no object */
    answer_begin(&a, job->sink, job->err, "problems", N_("What is wrong with it"),
                 COLUMNS(problem_columns));
    if (kind == OBJECT_MANIFEST) {
        manifest_masses(&a, m);
        manifest_form(job, &a, m);
        status = manifest_acts(job, &a, m);
        if (status == WF_OK)
            status = weighing_problems(job, &a, m->last_weighing);
    } else if (kind == OBJECT_TREATMENT) {
        status = treatment_problems(job, &a, index);
    } else if (kind == OBJECT_WEIGHING) {
        weighing_row w;
        status = book_get_weighing(job->ledger->book, job->txn, index, &w, job->err);
        if (status == WF_OK)
            weighing_problem(&a, &w, names_key(&job->names, OBJECT_WEIGHING, index));
    }
    if (status == WF_OK)
        status = job->names.status;
    return status == WF_OK ? answer_end(&a) : status;
}
