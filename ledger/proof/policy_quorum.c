/*
 * proof/policy_quorum.c: is the quorum of a policy reached, and what does it lack. See policy.h.
 *
 * Members stand before their group, so one pass in the order of the names decides all groups.
 */
#include "policy.h"
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool holds(const policy_name *name, size_t counted)
{
    return counted >= (name->is_group ? name->threshold : 1);
}

/* How many members of each name have cosigned; of a witness 0 or 1. */
static void count(size_t *out, const policy *p, const bool *cosigned)
{
    memset(out, 0, p->name_count * sizeof *out);
    for (size_t i = 0; i < p->name_count; i++) {
        const policy_name *name = &p->names[i];
        if (!name->is_group)
            out[i] = cosigned[name->witness] ? 1 : 0;
        if (name->group != POLICY_NONE && holds(name, out[i]))
            out[name->group]++;
    }
}

bool policy_satisfied(const policy *p, const bool *cosigned)
{
    size_t counts[POLICY_NAMES_MAX];
    if (p->quorum == POLICY_NONE)
        return true;
    count(counts, p, cosigned);
    return holds(&p->names[p->quorum], counts[p->quorum]);
}

/* Text that is appended as far as there is room. */
typedef struct text {
    char *out;
    size_t size, room;
} text;

__attribute__((format(printf, 2, 3))) static void add(text *t, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int size = vsnprintf(t->out + t->size, t->room - t->size, format, values);
    va_end(values);
    if (size > 0)
        t->size += (size_t)size < t->room - t->size ? (size_t)size : t->room - t->size - 1;
}

/* Whether name i counts for the quorum and everything above it still lacks something. */
static bool is_wanted(const policy *p, const size_t *counts, size_t i)
{
    for (int at = (int)i;; at = p->names[at].group) {
        if (at == POLICY_NONE || holds(&p->names[at], counts[at]))
            return false;
        if (at == p->quorum)
            return true;
    }
}

char *policy_missing(char *out, size_t out_size, const policy *p, const bool *cosigned)
{
    size_t counts[POLICY_NAMES_MAX];
    text t = {.out = out, .room = out_size};
    out[0] = 0;
    if (p->quorum == POLICY_NONE)
        return out;
    count(counts, p, cosigned);
    /* from the quorum down: a group stands behind its members */
    for (size_t g = p->name_count; g-- > 0;) {
        const policy_name *group = &p->names[g];
        if (!is_wanted(p, counts, g) || (!group->is_group && (int)g != p->quorum))
            continue;
        if (t.size > 0)
            add(&t, "%s", _("; "));
        if (!group->is_group) {
            add(&t, _("witness %s has not cosigned"), group->name);
            continue;
        }
        add(&t, _("group %s has %zu of %zu: missing "), group->name, counts[g], group->threshold);
        const char *comma = "";
        for (size_t m = 0; m < g; m++)
            if (p->names[m].group == (int)g && !holds(&p->names[m], counts[m])) {
                add(&t, "%s%s", comma, p->names[m].name);
                comma = _(", ");
            }
    }
    return out;
}
