#!/usr/bin/env bash
# The short form of power.sh; and that its search sees something: on a disk that takes no notice of
# syncs it finds lost ledgers.
set -euo pipefail
cd "$(dirname "$0")"
./power.sh 100 "${WUFEI_TEST_SEED:-1}"
. ./workloads.sh
begin_suite
record import
crash-explore --deaf --states 60 "$trace" "$root" > "$work/out" || true
grep -q "is gone" "$work/out" || { cat "$work/out"; echo "FAIL: lost syncs are not seen"; exit 1; }
