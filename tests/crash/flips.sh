#!/usr/bin/env bash
# Single bits flipped in the files of a ledger: flips.sh FLIPS SEED [FLIP]. Half of them fall on any
# byte of the store that is not zero, a quarter on page headers, where they hurt LMDB, and a quarter on
# the small files. After each, questions are asked and the ledger is checked. A flip is detected (a
# question or a check says so), harmless (all is as it was), or served: a question is answered, with
# status 0, and otherwise than before. None may be served, and nothing may end in a signal.
# FLIP (FILE:BYTE:BIT) looks at that one alone. Each run makes a ledger with a key of its own; the one
# of a failed run is kept, and CRASH_BASE=FOLDER takes it again.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "flips seed" "" "$@"
RANDOM=$seed only=${chosen[0]:-}
root=$work/flips ledger=$work/flips/ledger
if [ -n "${CRASH_BASE:-}" ]; then
    cp -a "$CRASH_BASE" "$root"
else
    mkdir "$root"
    prepare_append > "$work/out"
fi
cp -a "$root" "$root.base"
cd "$work"
questions=("show M1" "show F1" "list manifests" "list sites" "balance --by site" "balance --by day"
    "trace M1" "prove M1" "prove 20" "checkpoint")

# Bytes that say something: most of a small store's pages are empty.
data=ledger/store/data.mdb
mapfile -t places < <(LC_ALL=C grep -obUaP '[^\x00]' "$root/$data" | cut -d: -f1)
headers=()
for at in "${places[@]}"; do if ((at % 4096 < 40)); then headers+=("$at"); fi; done
mapfile -t small < <(cd "$root" && find ledger -type f ! -name '*.mdb' -size +0 | sort)

choose() {
    local turn=$1 bit=$((RANDOM % 8)) any=$((RANDOM * 32768 + RANDOM))
    case $((turn % 4)) in
    0) file=${small[$((RANDOM % ${#small[@]}))]}
        at=$((any % $(stat -c %s "$root.base/$file"))) ;;
    1) file=$data at=${headers[$((any % ${#headers[@]}))]} ;;
    *) file=$data at=${places[$((any % ${#places[@]}))]} ;;
    esac
    flip=$file:$at:$bit
}
flip_bit() {
    local file at bit byte
    IFS=: read -r file at bit <<< "$flip"
    byte=$(od -An -tu1 -j "$at" -N 1 "$root/$file")
    printf "\\x$(printf %02x $((byte ^ (1 << bit))))" |
        dd of="$root/$file" bs=1 seek="$at" conv=notrunc status=none
}
ask() {
    got=0
    # shellcheck disable=SC2086
    (ulimit -t 30; exec wufei -L "$ledger" $1) > out 2> err < /dev/null || got=$?
    [ "$got" -le 4 ] || { echo "FAIL: $flip: wufei $1: exit $got: $(head -c 300 err)"; failures=$((failures + 1)); }
    [ "$got" -eq 0 ] || [ -s err ] || { echo "FAIL: $flip: wufei $1: exit $got without a word"; failures=$((failures + 1)); }
}
# a dry run, for the right answers
for ((q = 0; q < ${#questions[@]}; q++)); do
    ask "${questions[q]}"
    [ "$got" -eq 0 ] || { cat err; exit 1; }
    cp out "right.$q"
done

detected=0 harmless=0 served=0
for ((turn = 0; turn < flips; turn++)); do
    choose "$turn"
    [ -z "$only" ] || flip=$only
    rm -rf "$root"
    cp -a "$root.base" "$root"
    flip_bit
    seen=no answered=right
    for ((q = 0; q < ${#questions[@]}; q++)); do
        ask "${questions[q]}"
        if [ "$got" -ne 0 ]; then
            seen=yes
        elif ! cmp -s out "right.$q"; then
            answered="wrong: ${questions[q]}"
            [ -z "$only" ] || diff out "right.$q" || true
        fi
    done
    for check in "verify --signatures" "rebuild --check"; do
        ask "$check"
        [ "$got" -eq 0 ] || seen=yes
        [ -z "$only" ] || { echo "wufei $check: exit $got"; cat err; }
    done
    if [ "$answered" != right ]; then
        served=$((served + 1))
        echo "FAIL: $flip is served ($answered; otherwise seen: $seen)"
        failures=$((failures + 1))
    elif [ "$seen" = yes ]; then
        detected=$((detected + 1))
    else
        harmless=$((harmless + 1))
    fi
    [ -z "$only" ] || break
done
echo "flips: $flips bits: $detected detected, $harmless harmless, $served served (seed $seed)"
if [ "$failures" -gt 0 ] && [ -z "${CRASH_BASE:-}" ]; then
    kept=$(mktemp -d /tmp/wufei-flips-XXXXXX)
    cp -a "$root.base/." "$kept"
    echo "the ledger is kept: CRASH_BASE=$kept"
fi
[ "$detected" -gt 0 ] || [ -n "$only" ] || { echo "FAIL: none detected: were there any?"; exit 1; }
finish
