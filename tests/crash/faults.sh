#!/usr/bin/env bash
# The Nth call on a file fails, or the Nth and all behind it, with EIO (5) or ENOSPC (28):
# faults.sh STRIDE [WORKLOAD...]. The command says so and ends with status 4, or, when the call did
# not matter, does its work; the ledger is whole, and the next attempt comes through.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "stride" "$workloads" "$@"
for name in "${chosen[@]}"; do
    base "$name"
    for code in 5 28; do
        for on in "" +; do
            for ((n = 1; ; n += stride)); do
                rm -f "$work/failed"
                disturb "$name" CRASH_FAIL="$n$on:$code" CRASH_FAILED="$work/failed"
                [ -e "$work/failed" ] || break
                what="$name with errno $code at call $n$on"
                case $got in
                0) ;;
                4) [ -s "$work/err" ] || bad "$what: nothing is said" ;;
                *) bad "$what: exit $got" ;;
                esac
                whole "$what"
                again "$name" "$what"
            done
        done
    done
    echo "faults $name: $n calls, $tried runs, $failures failures so far"
done
finish
