/*
 * book/transitions.c: the table of manifest transitions.
 *
 * A row is a state, a column an event. The order of records is not always the order of events: a
 * paper form is typed in late, a refused part goes home after the receipt was confirmed. So an
 * event that fills in something earlier is taken and leaves the state where it is; refused is only
 * what contradicts what is already on the ledger.
 *
 * Why the less obvious cells are as they are:
 * - received twice: a receipt closes the transit, and what was neither accepted nor refused becomes
 *   unaccounted. A second receipt would say that the first did not close it. Part deliveries are
 *   filed as one manifest a delivery; a wrong mass is corrected.
 * - rejected after received: the refusal of the rest; the state stays `received`, for that is what
 * the facility answers for. rejected before received: the same two entries the other way round.
 * - returned without rejected: the vehicle turned round; also the refusal may be entered later.
 * - received after returned: the load is back where it began; another journey is another manifest.
 * - redirected after received: what a facility has accepted leaves it on a manifest of its own.
 * - picked_up after received or confirmed: the late form of one pick-up of a round. The balance of
 * the manifest is computed again with it.
 * - corrected: after a pick-up there is a mass that both parties can correct (manifest.c tells
 * which).
 * - handed_over after arrived: out of a transfer station; arrived again follows.
 *
 * README.md of this folder shows the table; a test compares the two.
 */
#include "book/transitions.h"

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"

/* Short names for the table alone; ___ is "not now". */
enum {
    FIL = MANIFEST_FILED,
    PIC = MANIFEST_PICKED_UP,
    HAN = MANIFEST_HANDED_OVER,
    ARR = MANIFEST_ARRIVED,
    REC = MANIFEST_RECEIVED,
    REJ = MANIFEST_REJECTED,
    RET = MANIFEST_RETURNED,
    RED = MANIFEST_REDIRECTED,
    CON = MANIFEST_CONFIRMED,
    CAN = MANIFEST_CANCELLED,
    ___ = MANIFEST_STATE_COUNT
};

/* clang-format off */
static const unsigned char TABLE[MANIFEST_STATE_COUNT][EVENT_COUNT] = {
/*      none picked handed arrived received rejected returned redirect   confirmed corrected cancel */
[FIL] = {___,  PIC,   ___,   ___,    ___,     ___,     ___,     ___,       ___,      ___,      CAN},
[PIC] = {___,  PIC,   HAN,   ARR,    REC,     REJ,     RET,     RED,       ___,      PIC,      ___},
[HAN] = {___,  HAN,   HAN,   ARR,    REC,     REJ,     RET,     RED,       ___,      HAN,      ___},
[ARR] = {___,  ARR,   HAN,   ARR,    REC,     REJ,     RET,     RED,       ___,      ARR,      ___},
[REC] = {___,  REC,   REC,   REC,    ___,     REC,     REC,     ___,       CON,      REC,      ___},
[REJ] = {___,  REJ,   REJ,   REJ,    REC,     REJ,     RET,     RED,       CON,      REJ,      ___},
[RET] = {___,  ___,   RET,   RET,    ___,     RET,     RET,     ___,       CON,      RET,      ___},
[RED] = {___,  RED,   RED,   ARR,    REC,     REJ,     RET,     RED,       ___,      RED,      ___},
[CON] = {___,  CON,   CON,   CON,    ___,     CON,     CON,     ___,       ___,      CON,      ___},
[CAN] = {___,  ___,   ___,   ___,    ___,     ___,     ___,     ___,       ___,      ___,      ___},
};
/* clang-format on */

static const char *why_not(enum manifest_state state, enum manifest_event event)
{
    if (state == MANIFEST_CANCELLED)
        return N_("the manifest is cancelled; file a new one");
    if (event == EVENT_CANCELLED)
        return N_("the waste was picked up already; only a filed manifest can be cancelled");
    if (state == MANIFEST_FILED)
        return N_("nothing was picked up yet; enter the pick-up first");
    if (state == MANIFEST_RETURNED)
        return N_("the load is back at its generator; another journey needs another manifest");
    if (event == EVENT_RECEIVED)
        return N_("it was received already; correct the mass, or file a manifest a delivery");
    if (event == EVENT_REDIRECTED)
        return N_("it was received already; what leaves the facility needs a manifest of its own");
    if (state == MANIFEST_CONFIRMED)
        return N_("it was confirmed already");
    return N_("it was neither received nor rejected yet; enter the receipt first");
}

transition manifest_transition(enum manifest_state state, enum manifest_event event)
{
    WF_ASSERT((unsigned)state < MANIFEST_STATE_COUNT);
    if (event <= EVENT_NONE || event >= EVENT_COUNT)
        return (transition){false, state, N_("there is no such event")};
    unsigned char to = TABLE[state][event];
    if (to == ___)
        return (transition){false, state, why_not(state, event)};
    return (transition){true, (enum manifest_state)to, NULL};
}

const char *manifest_state_name(enum manifest_state state)
{
    static const char *const names[MANIFEST_STATE_COUNT] = {
        "filed",    "picked_up", "handed_over", "arrived",   "received",
        "rejected", "returned",  "redirected",  "confirmed", "cancelled"};
    return (unsigned)state < MANIFEST_STATE_COUNT ? names[state] : "?";
}
