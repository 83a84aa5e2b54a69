/*
 * audit/balance.h: the material balances of sites between their stock takes.
 *
 * MUF = opening + in - out - closing, of one site and waste code; > 0 is mass that is gone. Its
 * variance is summed load by load (detection.md 4.1): sum over scales [ sum u_k^2 + s^2 (sum
 * +-x_k)^2 ] + stock takes + what no scale weighed. The signed sum matters: a scale that weighs in
 * and out cancels its own bias. The other formula, one measurement a period, loses four fifths of
 * the power.
 */
#ifndef AUDIT_BALANCE_H
#define AUDIT_BALANCE_H

#include "book/city.h"

struct audit_shared;

/* What one scale adds to a balance when it shows too much by one sigma: its bias times the signed
   sum of what it weighed. */
typedef struct scale_share {
    scale_id scale;
    double error_g;
} scale_share;

typedef struct balance {
    site_id site;
    code_id code;
    int64_t from_ms, to_ms, known_ms; /* the two stock takes; when all its flows were known */
    double opening_g, in_g, out_g, closing_g;
    double muf_g, sigma_g;                   /* sigma after robust inflation */
    double opening_sigma_g, closing_sigma_g; /* inflated, too */
    double inflation;
    uint32_t first_share, share_count; /* in table->shares */
    double largest_in_g, second_in_g;  /* to see a mass typed ten times too large */
    uint32_t index;                    /* of its site and code, from 0 */
} balance;

typedef struct balance_table {
    balance *items; /* by site, code, time */
    size_t count;
    scale_share *shares;
    size_t share_count, share_capacity;
} balance_table;

wf_status balance_table_make(balance_table *out, const city *c, const struct audit_shared *s,
                             wf_error *err);
void balance_table_free(balance_table *t);
/* Covariance of the MUF of two balances of one node (detection.md 4.1): a scale's bias is in both,
   and what one stock take shows too much one balance lacks and the next has. */
double balance_covariance_g2(const balance_table *t, const balance *a, const balance *b);
/* The stream that a waste code belongs to. */
enum waste_stream code_stream(const char *code);

#endif
