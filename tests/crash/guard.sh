#!/usr/bin/env bash
# A ledger whose guard (the last checkpoint outside of its folder) is not what it should be:
# guard.sh STRIDE. Cut off at every STRIDEth byte, with single bytes changed, empty, missing, older,
# of another ledger, or newer, since the whole folder was put back. An older one is a beginning of the
# log and is taken. Of the others: no writer goes on; the refusal names the way out; with that way the
# ledger goes on. A reader is let by only when there is no guard to be read.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "stride" "" "$@"
base append
guard=$root/elsewhere/guard
older=$work/older other=$work/other
cp "$guard" "$older"
run append > "$work/out" 2>&1 # the ledger and its guard go on
rm -rf "$root.newer"
cp -a "$root" "$root.newer"
wufei -L "$work/another" init --origin crash.test.example/other --guard "$other" > /dev/null
tried=0

# refused WHAT STATUS WAY: a reader ends with this status, a writer with 3, and says the way out
refused() {
    local what=$1 readers=$2 way=$3 got=0
    tried=$((tried + 1))
    wufei -L "$root/ledger" stat > "$work/out" 2> "$work/err" || got=$?
    [ "$got" -eq "$readers" ] || bad "$what: a reader: exit $got"
    got=0
    wufei -L "$root/ledger" import "$work/later" > "$work/out" 2> "$work/err" || got=$?
    [ "$got" -eq 3 ] || bad "$what: a writer: exit $got"
    grep -qF -- "$way" "$work/err" || bad "$what: the way out is not named: $way"
}
# from FOLDER: the root as it was there
from() {
    rm -rf "$root"
    cp -a "$1" "$root"
}
# goes_on WHAT: another import comes through and brings the guard up
goes_on() {
    local now
    wufei -L "$root/ledger" import "$work/later" > "$work/out" 2> "$work/err" || bad "$1: does not go on"
    now=$(cat "$root/ledger/guard")
    cmp -s "$now" "$root/ledger/checkpoint" || bad "$1: the guard is not the checkpoint"
    whole "$1"
}
made_anew() {
    wufei -L "$root/ledger" repair --guard "$root/elsewhere/anew" > "$work/out" 2> "$work/err" ||
        bad "$1: no new guard is made"
    goes_on "$1, with a new guard"
}
write_more "$work/later" 3
sed -i "s/^B\([0-9]*\),/B\1later,/" "$work/later/generation.csv"

size=$(stat -c %s "$guard")
for ((cut = 0; cut < size; cut += stride)); do
    from "$root.newer"
    truncate -s "$cut" "$guard"
    refused "guard of $cut bytes" 3 "wufei repair --guard"
done
made_anew "torn"
for ((at = 0; at < size; at += stride)); do
    from "$root.newer"
    printf '\377' | dd of="$guard" bs=1 seek="$at" conv=notrunc status=none
    refused "byte $at of the guard changed" 3 "wufei repair --guard"
done
from "$root.newer"
rm "$guard"
refused "no guard" 0 "wufei repair --guard"
made_anew "missing"
from "$root.newer"
cp "$other" "$guard"
refused "another ledger's guard" 3 "wufei repair --guard"
made_anew "another ledger's"
from "$root.newer"
cp "$older" "$guard"
goes_on "older"
# the whole folder is put back, the guard stays where it was
from "$root.newer"
wufei -L "$root/ledger" backup "$work/backup" --with-key > "$work/out" 2> "$work/err" || bad "no backup"
from "$root.base"
cp "$root.newer/elsewhere/guard" "$guard"
refused "newer" 3 "wufei restore"
wufei -L "$root/ledger" restore "$work/backup" > "$work/out" 2> "$work/err" || bad "no restore"
goes_on "newer, with a backup in place"
echo "guard: $tried guards that are none, $failures failures"
finish
