/*
 * tests/simulation/faults.c: see faults.h. One statement is submitted at a time while a fault is
 * armed, so which call is the Nth does not depend on threads.
 */
#include "faults.h"

#include <stdatomic.h>

#include "ledger_private.h"

static atomic_int armed;
static atomic_uint left; /* calls until it happens */
static atomic_bool happened;

void fault_arm(fault_kind kind, unsigned nth)
{
    atomic_store(&happened, false);
    atomic_store(&left, nth);
    atomic_store(&armed, (int)kind);
}

bool fault_disarm(void)
{
    atomic_store(&armed, FAULT_NONE);
    return atomic_load(&happened);
}

static bool now(fault_kind kind)
{
    if (atomic_load(&armed) != (int)kind || atomic_load(&left) == 0)
        return false;
    if (atomic_fetch_sub(&left, 1) != 1)
        return false;
    atomic_store(&happened, true);
    return true;
}

static wf_status fails(wf_error *err)
{
    return wf_fail(err, WF_SYSTEM, "simulated fault");
}

wf_status __real_store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                           wf_error *err);
wf_status __wrap_store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                           wf_error *err);
wf_status __real_store_begin(store_txn **out, store *s, bool write, wf_error *err);
wf_status __wrap_store_begin(store_txn **out, store *s, bool write, wf_error *err);
wf_status __real_store_commit(store_txn *txn, wf_error *err);
wf_status __wrap_store_commit(store_txn *txn, wf_error *err);
wf_status __real_signed_head_write(ledger *l, wf_error *err);
wf_status __wrap_signed_head_write(ledger *l, wf_error *err);

wf_status __wrap_store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                           wf_error *err)
{
    return now(FAULT_PUT) ? fails(err) : __real_store_put(txn, table, key, value, append, err);
}

wf_status __wrap_store_begin(store_txn **out, store *s, bool write, wf_error *err)
{
    *out = NULL;
    return write && now(FAULT_BEGIN) ? fails(err) : __real_store_begin(out, s, write, err);
}

wf_status __wrap_store_commit(store_txn *txn, wf_error *err)
{
    if (now(FAULT_COMMIT_LOST)) {
        store_abort(txn);
        return fails(err);
    }
    bool kept = now(FAULT_COMMIT_KEPT);
    wf_status status = __real_store_commit(txn, err);
    return kept && status == WF_OK ? fails(err) : status;
}

wf_status __wrap_signed_head_write(ledger *l, wf_error *err)
{
    if (atomic_load(&armed) == FAULT_SIGN) {
        atomic_store(&happened, true);
        return fails(err);
    }
    return __real_signed_head_write(l, err);
}
