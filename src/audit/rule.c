/*
 * audit/rule.c: what every rule uses to report: see rule.h.
 */
#include "audit/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/status.h"
#include "base/text.h"

double rule_parameter_value(const rule *r, const char *name)
{
    for (size_t i = 0; i < r->parameter_count; i++)
        if (strcmp(r->parameters[i].name, name) == 0)
            return r->parameters[i].value;
    WF_ASSERT(!"the rule has no parameter of this name");
    return NAN;
}

bool rule_covers(const rule_context *ctx, enum waste_stream stream)
{
    if (stream == STREAM_NONE || (ctx->rule->streams & STREAM_BIT(stream)) == 0)
        return false;
    return ctx->options == NULL || ctx->options->stream == STREAM_NONE ||
           ctx->options->stream == stream;
}

finding rule_finding(const rule_context *ctx, enum finding_class class, int severity)
{
    WF_ASSERT(severity >= SEVERITY_INFORMATION && severity <= SEVERITY_URGENT);
    return (finding){.rule = ctx->rule,
                     .class = class,
                     .severity = severity,
                     .subject = BOOK_NONE,
                     .from_ms = TIME_NONE,
                     .to_ms = TIME_NONE,
                     .p = NAN,
                     .detected_at_ms = TIME_NONE,
                     .sentence = ""};
}

wf_status rule_report(rule_context *ctx, const finding *f, wf_error *err)
{
    WF_ASSERT(f->rule == ctx->rule);
    WF_ASSERT((f->class == FINDING_FACT) == isnan(f->p));
    WF_ASSERT(f->class == FINDING_FACT || (f->p >= 0 && f->p <= 1));
    WF_ASSERT(f->from_ms != TIME_NONE && f->to_ms >= f->from_ms && f->detected_at_ms != TIME_NONE);
    WF_ASSERT(f->mass_low_g <= f->mass_g && f->mass_g <= f->mass_high_g);
    WF_ASSERT(f->subject_kind == SUBJECT_PLACE || f->subject != BOOK_NONE);
    if (ctx->failed ||
        !array_grow((void **)&ctx->findings, &ctx->capacity, ctx->count + 1, sizeof *ctx->findings))
        return wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for its findings"), ctx->rule->id);
    ctx->findings[ctx->count++] = *f;
    return WF_OK;
}

void rule_count_tests(rule_context *ctx, size_t tests)
{
    ctx->tests += tests;
}

static const char *printf_in(rule_context *ctx, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *text = size < 0 ? NULL : arena_alloc_raw(ctx->memory, (size_t)size + 1);
    if (text == NULL)
        ctx->failed = true;
    else
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text != NULL ? text : "";
}

const char *rule_printf(rule_context *ctx, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = printf_in(ctx, format, args);
    va_end(args);
    return text;
}

const char *rule_time(rule_context *ctx, int64_t ms)
{
    char text[TIME_TEXT];
    return rule_printf(ctx, "%s", time_format(text, ms, ctx->city->utc_offset_minutes));
}

/* Thousands are parted by a narrow gap that no CSV reader takes for a separator. */
static const char *grouped_kg(char out[NUMBER_TEXT + 16], int64_t mass_g)
{
    char plain[NUMBER_TEXT];
    mass_format_kg(plain, mass_g);
    const char *point = strchr(plain, '.');
    size_t whole = point != NULL ? (size_t)(point - plain) : strlen(plain);
    size_t n = 0;
    for (size_t i = 0; plain[i] != '\0'; i++) {
        if (i > 0 && i < whole && plain[i - 1] != '-' && (whole - i) % 3 == 0)
            out[n++] = ' ';
        out[n++] = plain[i];
    }
    out[n] = '\0';
    return out;
}

const char *rule_mass(rule_context *ctx, int64_t mass_g)
{
    if (mass_g >= 10000000 || mass_g <= -10000000)
        return rule_printf(ctx, "%.2f t", (double)mass_g / 1e6);
    char text[NUMBER_TEXT + 16];
    return rule_printf(ctx, "%s kg", grouped_kg(text, mass_g));
}

void related_add(related_list *l, const char *text_id)
{
    if (text_id == NULL || *text_id == '\0' || l->count == RELATED_MAX)
        return;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->ids[i], text_id) == 0)
            return;
    l->ids[l->count++] = text_id;
}

void finding_set_related(rule_context *ctx, finding *f, const related_list *l)
{
    f->related = arena_copy(ctx->memory, l->ids, l->count * sizeof *l->ids);
    f->related_count = f->related != NULL ? l->count : 0;
    if (f->related == NULL && l->count > 0)
        ctx->failed = true;
}

void finding_add_evidence(rule_context *ctx, finding *f, const char *name, uint64_t seq,
                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *value = printf_in(ctx, format, args);
    va_end(args);
    evidence *grown = arena_alloc(ctx->memory, (f->evidence_count + 1) * sizeof *grown);
    if (grown == NULL) {
        ctx->failed = true;
        return;
    }
    if (f->evidence_count > 0)
        memcpy(grown, f->evidence, f->evidence_count * sizeof *grown);
    grown[f->evidence_count] = (evidence){name, value, seq};
    f->evidence = grown;
    f->evidence_count++;
}
