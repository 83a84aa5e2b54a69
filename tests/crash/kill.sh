#!/usr/bin/env bash
# kill -9 before each call that changes a file, and in the middle of each long write: kill.sh STRIDE
# [WORKLOAD...]; with a stride of 3 every third call.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "stride" "$workloads" "$@"
for name in "${chosen[@]}"; do
    base "$name"
    for ((n = 1; ; n += stride)); do
        disturb "$name" CRASH_KILL="$n"
        [ "$got" -ne 0 ] || break
        # 4: it was the process that looks at a suspect store for it which was killed
        [ "$got" -eq 137 ] || { [ "$got" -eq 4 ] && grep -q "signal 9" "$work/err"; } ||
            bad "$name killed at call $n: exit $got"
        whole "$name killed at call $n"
        disturb "$name" CRASH_KILL="${n}t"
        whole "$name killed in call $n"
    done
    whole "$name undisturbed"
    echo "kill $name: $tried kills at $n calls, $failures failures so far"
done
finish
