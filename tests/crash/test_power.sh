#!/usr/bin/env bash
# The short form of power.sh; and that its search sees something: on a disk that takes no notice of
# syncs it finds lost statements, and guards that are ahead of their ledgers.
set -euo pipefail
cd "$(dirname "$0")"
./power.sh 60 "${WUFEI_TEST_SEED:-1}"
. ./suite.sh
begin_suite "" ""
record append
crash-explore --deaf --states 60 "$trace" "$root" > "$work/deaf" 2>&1 || true
for lost in "is ahead" "acknowledged entry"; do
    grep -q "$lost" "$work/deaf" || { cat "$work/deaf"; echo "FAIL: not seen: $lost"; exit 1; }
done
