/*
 * R26: a site whose stock does not come out at once: one balance between two stock takes is short
 * by more than 3 sigma and half a significant mass.
 */
#include <stdlib.h>

#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/shortfall.h"
#include "audit/statistics.h"

static const rule_parameter parameters[] = {
    {"z", 3, "sigma", "detection.md 4.2"},
    {"significant_share", 0.5, "of the significant mass", "detection.md, R26"},
};

static bool is_undone_by(const balance *b, const balance *other)
{
    return other->index == b->index && other->muf_g < -0.5 * b->muf_g;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const balance_table *t = &ctx->shared->balances;
    double z = rule_parameter_value(ctx->rule, "z");
    for (size_t i = 0; i < t->count; i++) {
        const balance *b = &t->items[i];
        if (!balance_is_covered(ctx, b))
            continue;
        rule_count_tests(ctx, 1);
        bool undone =
            (i > 0 && is_undone_by(b, b - 1)) || (i + 1 < t->count && is_undone_by(b, b + 1));
        if (b->muf_g <= z * b->sigma_g || b->muf_g <= balance_significant_g(ctx, b) || undone ||
            balance_looks_mistyped(b))
            continue;
        shortfall s = shortfall_sum(t, b, b);
        s.p = normal_upper(b->muf_g / b->sigma_g);
        wf_status status = shortfall_report(ctx, &s, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

const rule rule_r26 = {
    .id = "R26",
    .name_en = N_("Site balance broken at once"),
    .name_zh = "节点物料不平衡(突变)",
    .family = FAMILY_BALANCE,
    .streams = STREAMS_ALL,
    .source = "固废法 第三十六条; detection.md 4.1, 4.2",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.5,
};
