/*
 * audit/rules.c: the registry of rules, made from rules/list.h.
 */
#include "audit/rules/rules.h"

static const rule *const all_rules[] = {
#define RULE(name) &rule_##name,
#include "audit/rules/list.h"
#undef RULE
    NULL,
};

const rule *const *audit_rules(void)
{
    return all_rules;
}
