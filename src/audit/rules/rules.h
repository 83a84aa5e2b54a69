/*
 * audit/rules/rules.h: the declarations of all rules. A new rule is a file here and a line in
 * list.h; nothing else names it.
 */
#ifndef AUDIT_RULES_RULES_H
#define AUDIT_RULES_RULES_H

#include "audit/rule.h"

#define RULE(name) extern const rule rule_##name;
#include "audit/rules/list.h"
#undef RULE

#endif
