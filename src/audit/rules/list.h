/*
 * audit/rules/list.h: every rule, in order of id. Included with RULE(name) defined, which makes
 * rule_<name>. A line that is still a comment is a rule that does not exist yet.
 */

RULE(r02)

RULE(r03)

RULE(r04)

RULE(r07)

RULE(r09)

RULE(r10)

RULE(r12)

RULE(r13)

RULE(r14)

RULE(r17)

RULE(r18)

RULE(r21)

RULE(r24)

RULE(r25)

RULE(r26)

RULE(r27)

RULE(r32)

RULE(r34)

RULE(r39)

RULE(r44)
