/*
 * tests/simulation/submit.c: parcels handed in: what should become of each is predicted on a copy
 * of the model's books, then submitted, and compared with what the client was told and with what
 * the ledger holds.
 */
#include <stdlib.h>
#include <string.h>

#include "simulation.h"

typedef struct handed_in {
    const parcel *parcel;
    submit_batch batch;
    submit_item items[PARCEL_ACTS_MAX];
    submit_outcome expected[PARCEL_ACTS_MAX];
    bool refused; /* as a whole */
} handed_in;

/* What should become of the parcel, on s->predicted. */
static void predict(simulation *s, handed_in *h)
{
    static books before;
    const parcel *p = h->parcel;
    bool refused = false, entered[PARCEL_ACTS_MAX];
    before = *s->predicted;
    for (unsigned i = 0; i < p->count; i++) {
        act *a = &s->acts[p->first + i];
        bool already = a->seq != NOT_ENTERED || a->expected == s->round;
        h->expected[i] = already                        ? SUBMIT_ALREADY
                         : books_admit(s->predicted, a) ? SUBMIT_ENTERED
                                                        : SUBMIT_REFUSED;
        refused = refused || h->expected[i] == SUBMIT_REFUSED;
        entered[i] = h->expected[i] == SUBMIT_ENTERED;
        if (entered[i])
            a->expected = s->round;
    }
    if (!refused || (!p->whole && p->how != SEALED_BY_AUTHOR))
        return;
    h->refused = true;
    *s->predicted = before;
    for (unsigned i = 0; i < p->count; i++) {
        if (entered[i])
            s->acts[p->first + i].expected = 0;
        if (h->expected[i] != SUBMIT_REFUSED)
            h->expected[i] = SUBMIT_WITHDRAWN;
    }
}

static handed_in *hand_in(simulation *s, const parcel *p)
{
    handed_in *h = calloc(1, sizeof *h);
    REQUIRE(s, h != NULL, "out of memory");
    h->parcel = p;
    h->batch = (submit_batch){.items = h->items, .count = p->count, .all_or_nothing = p->whole};
    h->batch.seal_kind = p->how == SIGNED               ? SEAL_NONE
                         : p->how == SEALED_BY_OPERATOR ? SEAL_BY_OPERATOR
                                                        : SEAL_GIVEN;
    if (p->how == SEALED_BY_AUTHOR)
        h->batch.seal = (submit_item){.statement = p->seal.bytes, .signature = p->seal.signature};
    for (unsigned i = 0; i < p->count; i++) {
        const act *a = &s->acts[p->first + i];
        h->items[i] = (submit_item){.statement = a->bytes, .signature = a->signature};
    }
    arena_init(&h->batch.memory, 0);
    predict(s, h);
    return h;
}

static void hand_back(handed_in *h)
{
    arena_free(&h->batch.memory);
    free(h);
}

/* What the clients were told: what is acknowledged must be there, and where they were told. */
static void note_outcomes(simulation *s, const handed_in *h)
{
    for (unsigned i = 0; i < h->parcel->count; i++) {
        act *a = &s->acts[h->parcel->first + i];
        const submit_item *item = &h->items[i];
        bool in = item->outcome == SUBMIT_ENTERED || item->outcome == SUBMIT_ALREADY;
        a->acknowledged = a->acknowledged || in;
        REQUIRE(s, !in || a->seq == item->seq, "act %u is at entry %lld, its client was told %llu",
                h->parcel->first + i, (long long)a->seq, (unsigned long long)item->seq);
        s->entered += item->outcome == SUBMIT_ENTERED;
        s->already += item->outcome == SUBMIT_ALREADY;
        s->refused += !in;
    }
}

static void check_outcomes(simulation *s, const handed_in *h)
{
    const parcel *p = h->parcel;
    wf_status expected = h->refused ? WF_REFUSED : WF_OK;
    REQUIRE(s, h->batch.status == expected, "the batch's status is %d: %s", (int)h->batch.status,
            h->batch.error.text);
    for (unsigned i = 0; i < p->count; i++)
        REQUIRE(s, h->items[i].outcome == h->expected[i], "act %u: outcome %d, expected %d: %s",
                p->first + i, (int)h->items[i].outcome, (int)h->expected[i],
                h->items[i].reason != NULL ? h->items[i].reason : "no reason given");
}

static void batch_done(void *ctx, submit_batch *batch)
{
    (void)ctx;
    (void)batch;
}

/* Several parcels through the queue, no faults: exactly what the model says. */
void submit_many(simulation *s, parcel *const *parcels, size_t count)
{
    enum { MANY_MAX = 8 };
    wf_error err = {0};
    handed_in *in[MANY_MAX];
    *s->predicted = *s->books;
    s->round++;
    for (size_t i = 0; i < count; i++) {
        in[i] = hand_in(s, parcels[i]);
        REQUIRE(s, ledger_submit_async(s->l, &in[i]->batch, batch_done, NULL, &err) == WF_OK, "%s",
                err.text);
    }
    REQUIRE(s, ledger_drain(s->l, &err) == WF_OK, "%s", err.text);
    check_new_entries(s, (const parcel *const *)parcels, count);
    for (size_t i = 0; i < count; i++) {
        check_outcomes(s, in[i]);
        note_outcomes(s, in[i]);
        hand_back(in[i]);
    }
    REQUIRE(s, memcmp(s->books, s->predicted, sizeof *s->books) == 0,
            "what was entered is not what should have been");
}

/* As after a crash: whatever the fault left is what there is. */
static void reopen_after_fault(simulation *s, const parcel *p)
{
    simulation_close(s);
    fault_disarm(); /* only now: until it is closed the writer would still sign */
    simulation_open(s);
    s->reopened++;
    check_new_entries(s, &p, 1);
}

/* In again at once: the writer goes on, or says that it cannot; nothing in between. */
static void submit_again_after_fault(simulation *s, const parcel *p)
{
    wf_error err = {0};
    handed_in *again = hand_in(s, p);
    ledger_submit(s->l, &again->batch, &err);
    simulation_reopen(s);
    check_new_entries(s, &p, 1);
    note_outcomes(s, again);
    hand_back(again);
}

/* One parcel while something fails. The client knows what it was told and nothing else, and hands
   the parcel in again some day; the model looks into the ledger once it is open again. A fault of
   signing lasts until the ledger is closed, as if the process had died behind the commit; every
   other one happens once, or not at all when there are too few calls. */
void submit_with_fault(simulation *s, const parcel *p)
{
    wf_error err = {0}, drained = {0};
    fault_kind kind = (fault_kind)(1 + pick(s, FAULT_KINDS - 1));
    *s->predicted = *s->books;
    s->round++;
    handed_in *h = hand_in(s, p);
    fault_arm(kind, 1 + (unsigned)pick(s, kind == FAULT_PUT ? 30 : 2));
    wf_status status = ledger_submit(s->l, &h->batch, &err);
    wf_status drain = ledger_drain(s->l, &drained);
    bool happened = kind == FAULT_SIGN || fault_disarm();
    s->faults[kind] += happened;
    REQUIRE(s, kind != FAULT_SIGN || status == WF_OK || status == WF_REFUSED, "%s", err.text);
    REQUIRE(s, happened || drain == WF_OK, "%s", drained.text);
    if (!happened) {
        check_new_entries(s, &p, 1);
        check_outcomes(s, h);
    } else if (kind != FAULT_SIGN && pick(s, 3) == 0) {
        submit_again_after_fault(s, p);
    } else {
        reopen_after_fault(s, p);
    }
    note_outcomes(s, h);
    hand_back(h);
}
