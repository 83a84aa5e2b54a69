/*
 * api/witness_ask.c: asking the witnesses of the ledger's policy, and what they cosigned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "witness/witness_ask.h"

static const wf_column ask_columns[] = {
    {"witness", N_("witness"), WF_CELL_TEXT}, {"result", N_("result"), WF_CELL_TEXT},
    {"size", N_("size"), WF_CELL_INTEGER},    {"cosigned_at", N_("cosigned at"), WF_CELL_TIME},
    {"remark", N_("remark"), WF_CELL_TEXT},
};

static const char *ask_outcome(witness_outcome outcome)
{
    switch (outcome) {
    case WITNESS_COSIGNED:
        return _("cosigned");
    case WITNESS_COSIGNED_BEFORE:
        return _("cosigned before");
    default:
        return _("not cosigned");
    }
}

static wf_status ask_answer(const witness_round *round, const wf_sink *sink, wf_error *err)
{
    answer a;
    answer_begin(&a, sink, err, "witnesses", N_("Witnesses"), COLUMNS(ask_columns));
    for (size_t i = 0; i < round->count; i++) {
        const witness_result *r = &round->results[i];
        cell_text(&a, r->name);
        cell_text(&a, ask_outcome(r->outcome));
        if (r->has_size)
            cell_integer(&a, (int64_t)r->size);
        else
            cell_empty(&a);
        cell_time(&a, r->time_s > 0 && r->time_s < INT64_MAX / TIME_SECOND_MS
                          ? (int64_t)r->time_s * TIME_SECOND_MS
                          : TIME_NONE);
        cell_text(&a, r->reason);
        answer_row(&a);
    }
    return answer_end(&a);
}

/* Which witnesses failed and why, as far as the message has room. */
static wf_status ask_not_published(const witness_round *round, wf_error *err)
{
    char stays[160], why[WF_ERROR_TEXT] = "";
    size_t used = 0;
    if (round->had_before)
        snprintf(stays, sizeof stays, _("the last witnessed one, of %llu entries, stays"),
                 (unsigned long long)round->before);
    else
        snprintf(stays, sizeof stays, "%s", _("there is no witnessed one yet"));
    for (size_t i = 0; i < round->count && used < sizeof why; i++) {
        const witness_result *r = &round->results[i];
        if (r->outcome == WITNESS_NOT_COSIGNED)
            used += (size_t)snprintf(why + used, sizeof why - used, "; %s: %s", r->name, r->reason);
    }
    return wf_fail(err, WF_REFUSED,
                   _("the checkpoint of %1$llu entries is below the quorum and not published as "
                     "witnessed (%2$s); %3$s%4$s"),
                   (unsigned long long)round->checkpoint.size, round->missing, stays, why);
}

wf_status wf_ask_witnesses(wf_ledger *l, const wf_ask_options *options, const wf_sink *sink,
                           wf_error *err)
{
    wf_error_clear(err);
    witness_round *round = malloc(sizeof *round);
    if (round == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status =
        witness_ask(l->log, options->policy_path, options->send, options->ctx, round, err);
    if (status == WF_OK)
        status = ask_answer(round, sink, err);
    if (status == WF_OK && !round->published)
        status = ask_not_published(round, err);
    free(round);
    return status;
}

wf_status wf_witnessed(wf_ledger *l, char **out, wf_error *err)
{
    checkpoint c;
    wf_error_clear(err);
    wf_status status = ledger_witnessed(l->log, &c, out, err);
    if (status == WF_OK && *out == NULL)
        status = wf_fail(err, WF_REFUSED,
                         _("%s has no witnessed checkpoint: ask its witnesses first, with: wufei "
                           "witness ask"),
                         ledger_dir(l->log));
    return status;
}

wf_status wf_check_witnessed(wf_ledger *l, wf_error *err)
{
    checkpoint c;
    char *text = NULL;
    wf_error_clear(err);
    wf_status status = ledger_witnessed(l->log, &c, &text, err);
    free(text);
    return status;
}
