/*
 * book/treatment.c: treatments take one input and put out several codes, one record an output.
 *
 * All records of one treatment_id describe the same act; only the first takes the input out of
 * stock.
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"

/* What leaves the books when it is made. */
static enum account_kind output_account(const char *output_code)
{
    if (strcmp(output_code, "product") == 0)
        return ACCOUNT_PRODUCT;
    if (strcmp(output_code, "leachate") == 0 || strcmp(output_code, "water") == 0)
        return ACCOUNT_LOSS;
    return ACCOUNT_ON_SITE;
}

/* The name of one row of a treatment: treatment_id, 0x00, output_code. Returns its size. */
static size_t row_name(char out[NAME_KEY_MAX], const Wufei__Treatment *treatment)
{
    size_t id_size = strlen(treatment->treatment_id);
    size_t code_size = treatment->output_code != NULL ? strlen(treatment->output_code) : 0;
    WF_ASSERT(id_size + 1 + code_size < NAME_KEY_MAX);
    memcpy(out, treatment->treatment_id, id_size);
    out[id_size] = '\0';
    if (code_size > 0)
        memcpy(out + id_size + 1, treatment->output_code, code_size);
    return id_size + 1 + code_size;
}

/* A method that the book has not seen has no number yet: then it differs from every old one. */
static wf_status same_method(apply_context *x, text_ref method, const char *here, bool *same)
{
    const char *text = NULL;
    BOOK_TRY(book_text(x->b, x->txn, method, &x->b->scratch, &text, x->err));
    *same = strcmp(text, here) == 0;
    return WF_OK;
}

static wf_status check_same_act(apply_context *x, const Wufei__Treatment *treatment,
                                const treatment_row *row, uint32_t first_id)
{
    treatment_row first;
    bool same = false;
    BOOK_TRY(row_read(x->txn, BOOK_TREATMENTS, first_id, &first, x->err));
    const char *column = first.site != row->site         ? "site_id"
                         : first.time_ms != row->time_ms ? "time"
                         : first.code != row->code       ? "waste_code"
                         : first.mass_g != row->mass_g   ? "mass_kg"
                                                         : NULL;
    if (column == NULL) {
        BOOK_TRY(same_method(x, first.method, treatment->method, &same));
        column = same ? NULL : "method";
    }
    if (column == NULL)
        return WF_OK;
    return wf_fail(x->err, WF_REFUSED,
                   _("treatment_id %1$s: %2$s is not that of entry %3$" PRIu64
                     ", which is about the same treatment; all its rows state the same input"),
                   treatment->treatment_id, column, first.seq);
}

/* Refuses a second row for the same output. */
static wf_status check_output_is_new(apply_context *x, const Wufei__Treatment *treatment)
{
    char name[NAME_KEY_MAX];
    bool found = false;
    uint32_t id = BOOK_NONE;
    treatment_row old;
    size_t size = row_name(name, treatment);
    BOOK_TRY(name_lookup(x->txn, OBJECT_TREATMENT, name, size, &found, &id, x->err));
    if (!found)
        return WF_OK;
    BOOK_TRY(row_read(x->txn, BOOK_TREATMENTS, id, &old, x->err));
    return conflict_refuse(x, "treatment_id", treatment->treatment_id, old.seq);
}

static wf_status post_treatment(apply_context *x, const treatment_row *row, const char *output)
{
    if (row->first != 0) {
        BOOK_TRY(stock_post(x, row->site, row->code, ACCOUNT_ON_SITE, -row->mass_g));
        BOOK_TRY(stock_post(x, row->site, row->code, ACCOUNT_TREATED, row->mass_g));
        BOOK_TRY(stock_flow(x, row->time_ms, row->site, row->code, FLOW_TREATED, row->mass_g));
    }
    if (output == NULL)
        return WF_OK;
    enum account_kind account = output_account(output);
    if (account == ACCOUNT_ON_SITE)
        BOOK_TRY(stock_keep(x, row->site, row->output_code, false));
    if (row->output_g == MASS_NONE)
        return WF_OK;
    BOOK_TRY(stock_post(x, row->site, row->output_code, ACCOUNT_MADE, -row->output_g));
    BOOK_TRY(stock_post(x, row->site, row->output_code, account, row->output_g));
    BOOK_TRY(stock_flow(x, row->time_ms, row->site, row->output_code, FLOW_MADE, row->output_g));
    if (account == ACCOUNT_ON_SITE)
        return WF_OK;
    enum flow_kind left = account == ACCOUNT_PRODUCT ? FLOW_PRODUCT : FLOW_LOSS;
    return stock_flow(x, row->time_ms, row->site, row->output_code, left, row->output_g);
}

wf_status treatment_apply(apply_context *x, const Wufei__Treatment *treatment)
{
    char name[NAME_KEY_MAX];
    bool known = false;
    uint32_t first_id = BOOK_NONE;
    uint32_t id = BOOK_NONE;
    treatment_row row = {.seq = x->seq,
                         .time_ms = treatment->time_ms,
                         .known_ms = treatment->has_entered_at_ms ? treatment->entered_at_ms
                                                                  : treatment->time_ms,
                         .mass_g = treatment->mass_g,
                         .output_g = given_mass(treatment->has_output_g, treatment->output_g),
                         .key = BOOK_NONE,
                         .output_code = BOOK_NONE};
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "site_id", treatment->site_id, &row.site));
    BOOK_TRY(code_find(x, treatment->waste_code, &row.code));
    BOOK_TRY(stock_has_room(x, row.code, treatment->waste_code));
    if (treatment->output_code != NULL) {
        BOOK_TRY(code_find(x, treatment->output_code, &row.output_code));
        BOOK_TRY(stock_has_room(x, row.output_code, treatment->output_code));
    }
    BOOK_TRY(name_find(x, OBJECT_TREATMENT, treatment->treatment_id, &known, &first_id));
    if (known) {
        BOOK_TRY(check_output_is_new(x, treatment));
        BOOK_TRY(check_same_act(x, treatment, &row, first_id));
    }

    row.first = known ? 0 : 1;
    BOOK_TRY(code_intern(x, treatment->waste_code, &row.code));
    if (treatment->output_code != NULL)
        BOOK_TRY(code_intern(x, treatment->output_code, &row.output_code));
    BOOK_TRY(string_intern(x, treatment->method, &row.method));
    BOOK_TRY(row_append(x, BOOK_TREATMENTS, &row, treatment->treatment_id, &id));
    BOOK_TRY(post_treatment(x, &row, treatment->output_code));
    if (!known)
        BOOK_TRY(name_put(x, OBJECT_TREATMENT, treatment->treatment_id,
                          strlen(treatment->treatment_id), id));
    return name_put(x, OBJECT_TREATMENT, name, row_name(name, treatment), id);
}
