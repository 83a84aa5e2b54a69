#!/usr/bin/env bash
# The Nth allocation fails, or the Nth and all behind it: memory.sh STRIDE [JOB...]. The job says so
# and ends with status 4, or does without the memory and answers as always; never a signal, never
# another answer, never a word of damage. The ledger is whole afterwards.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "stride" "init import append verify show balance prove rebuild checkpoint" "$@"

base append # the questions are asked of it too
act_verify() { exec wufei -L "$root/ledger" verify --signatures; }
act_show() { exec wufei -L "$root/ledger" show M1; }
act_balance() { exec wufei -L "$root/ledger" balance; }
act_prove() { exec wufei -L "$root/ledger" prove M1; }
act_rebuild() { exec wufei -L "$root/ledger" rebuild --check; }
act_checkpoint() { exec wufei -L "$root/ledger" checkpoint; }

# alike FILE: what is said apart from times and rates
alike() { sed -E 's/[0-9.]+ s\b//; s/,[0-9]+,,?$//' "$1" | grep -v per_second | cut -d, -f1-3; }

for name in "${chosen[@]}"; do
    case $name in
    init | import) base "$name" ;;
    *) root=$work/append trace=$work/append.trace tried=0 ;;
    esac
    disturb "$name" LD_PRELOAD="$crash_bin/recorder.so:$crash_bin/allocator.so" \
        CRASH_ALLOCATIONS="$work/allocations"
    [ "$got" -eq 0 ] || bad "$name: exit $got"
    cp "$work/out" "$work/right"
    count=$(cat "$work/allocations")
    for on in "" +; do
        for ((n = 1; n <= count; n += stride)); do
            disturb "$name" LD_PRELOAD="$crash_bin/recorder.so:$crash_bin/allocator.so" \
                CRASH_ALLOCATION="$n$on"
            what="$name without allocation $n$on"
            case $got in
            0) cmp -s <(alike "$work/out") <(alike "$work/right") || bad "$what: another answer" ;;
            4) [ -s "$work/err" ] || bad "$what: nothing is said" ;;
            *) bad "$what: exit $got" ;;
            esac
            case $name in init | import | append) whole "$what" ;; esac
        done
    done
    echo "memory $name: $count allocations, $tried runs, $failures failures so far"
done
finish
