#!/usr/bin/env bash
# Single bits flipped in the store, half of them anywhere, half in page headers, where they hurt
# LMDB: every command ends with a status of its own and never in a signal. What is printed at the end
# is for people: rows of the book are not under the tree, so a flip there may change an answer unseen
# until a rebuild.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
data=$(find "$WUFEI_LEDGER" -name data.mdb)
# Bytes that say something: most of a small store's pages are empty.
mapfile -t places < <(LC_ALL=C grep -obUaP '[^\x00]' "$data" | cut -d: -f1)
headers=()
for at in "${places[@]}"; do if ((at % 4096 < 40)); then headers+=("$at"); fi; done
flips=${WUFEI_FLIPS:-200}
RANDOM=20 # the same flips in every run
wufei show M1 > "$work/whole"
wufei verify > "$work/out"

# flip OFFSET BIT: a second time puts it back
flip() {
    local byte
    byte=$(od -An -tu1 -j "$1" -N 1 "$data")
    printf "\\x$(printf %02x $((byte ^ (1 << $2))))" |
        dd of="$data" bs=1 seek="$1" conv=notrunc status=none
}

# run WHAT COMMAND...: its status in $got; a signal, or a status of no meaning, fails the test
run() {
    got=0
    timeout 60 "${@:2}" > "$work/out" 2> "$work/err" || got=$?
    if [ "$got" -gt 4 ]; then
        echo "FAIL: bit $bit of byte $at ($1): ${*:2}: exit $got"
        cat "$work/err"
        exit 1
    fi
}

found=0
for ((turn = 0; turn < flips; turn++)); do
    at=${places[$(((RANDOM * 32768 + RANDOM) % ${#places[@]}))]}
    if ((turn % 2 == 0)); then at=${headers[$((RANDOM % ${#headers[@]}))]}; fi
    bit=$((RANDOM % 8))
    flip "$at" "$bit"
    run verify wufei verify
    verified=$got
    run show wufei show M1
    if [ "$verified" -eq 0 ] && [ "$got" -eq 0 ] && ! cmp -s "$work/out" "$work/whole"; then
        unseen="${unseen:-} $at:$bit"
    fi
    if [ "$verified" -ne 0 ]; then found=$((found + 1)); fi
    run stat wufei stat
    flip "$at" "$bit"
done
run verify wufei verify
[ "$got" -eq 0 ] || { echo "FAIL: the flips were not put back"; exit 1; }
[ "$found" -gt 0 ] || { echo "FAIL: no flip was found: were there any?"; exit 1; }
echo "$flips flips: $found found by verify; unseen:${unseen:- none}"
