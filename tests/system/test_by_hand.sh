#!/usr/bin/env bash
# What a ledger promised is checked with openssl and coreutils alone (examples/by-hand): receipts of
# every entry at many sizes, checkpoints that continue each other; and what was changed, cut, or
# written anew is caught by who kept a checkpoint.
# runs with both suites
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WUFEI_LEDGER=$work/ledger
check=$WUFEI_SOURCE/examples/by-hand/check.sh
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
refuses() { # WORDS COMMAND...
    local words=$1 got=0
    shift
    "$@" > "$work/out" 2>&1 || got=$?
    [ $got = 1 ] && grep -qF -- "$words" "$work/out" || fail "exit $got, '$words' was expected: $(cat "$work/out")"
}
# enter NAME...: one party each, and a seal
enter() {
    mkdir -p "$work/in"
    echo party_id,name,roles > "$work/in/parties.csv"
    printf '%s,a carrier,carrier\n' "$@" >> "$work/in/parties.csv"
    wufei import -q "$work/in" > "$work/log" 2>&1 || fail "import: $(cat "$work/log")"
}

wufei init --origin test.example/by-hand --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}" > "$work/log"
vkey=$(wufei stat --format csv | awk -F, '$1 == "vkey" { print $2 }')
wufei checkpoint -o "$work/at1" > "$work/log"
sizes=1
for round in 1 2 3 4 5 6 7 8; do
    if [ $((round % 3)) = 0 ]; then enter A$round B$round; else enter A$round; fi
    size=$(wufei checkpoint | sed -n 2p)
    wufei checkpoint -o "$work/at$size" > "$work/log"
    sizes="$sizes $size"
    for old in $sizes; do
        wufei checkpoint --since "$work/at$old" -o "$work/since" > "$work/log" 2>&1 || fail "--since at$old: $(cat "$work/log")"
        "$check" extends "$vkey" "$work/at$old" "$work/at$size" "$work/since" > "$work/out" 2>&1 ||
            fail "$old to $size: $(cat "$work/out")"
        rm -f "$work/since"
    done
done
for entry in $(seq 0 $((size - 1))); do
    wufei prove "$entry" -o "$work/r$entry.tlog-proof" > "$work/log"
    "$check" receipt "$vkey" "$work/r$entry.entry" "$work/r$entry.tlog-proof" > "$work/out" 2>&1 ||
        fail "entry $entry: $(cat "$work/out")"
done

refuses "does not stand in the tree" "$check" receipt "$vkey" "$work/r2.entry" "$work/r3.tlog-proof"
sed 's/^index 3$/index 2/' "$work/r3.tlog-proof" > "$work/moved"
refuses "does not hold" "$check" receipt "$vkey" "$work/r3.entry" "$work/moved"
sed "s/^$size\$/$((size + 1))/" "$work/r3.tlog-proof" > "$work/grown"
refuses "the signature of test.example/by-hand" "$check" receipt "$vkey" "$work/r3.entry" "$work/grown"

# NUL bytes, which bash passes over in silence, and files that are not there
padded=$work/padded
{ cat "$work/at1"; printf '\0\0\0'; } > "$padded"
wufei checkpoint --since "$work/at1" -o "$work/since" > "$work/log" 2>&1 || fail "--since: $(cat "$work/log")"
refuses "NUL bytes" "$check" extends "$vkey" "$padded" "$work/at$size" "$work/since"
{ cat "$work/since"; printf '\0'; } > "$padded"
refuses "NUL bytes" "$check" extends "$vkey" "$work/at1" "$work/at$size" "$padded"
for missing in "extends VKEY $work/none $work/at$size $work/since" "extends VKEY $work/at1 $work/none $work/since" \
    "extends VKEY $work/at1 $work/at$size $work/none" "receipt VKEY $work/none $work/r3.tlog-proof" \
    "receipt VKEY $work/r3.entry $work/none"; do
    got=0
    "$check" ${missing/VKEY/$vkey} > "$work/out" 2>&1 || got=$?
    [ $got = 2 ] && grep -qF "$work/none: there is no such file" "$work/out" || fail "$missing: exit $got: $(cat "$work/out")"
done

# an operator who begins anew with the same name and key, and enters other things
wufei checkpoint --since "$work/at5" -o "$work/honest" > "$work/log" 2>&1 || fail "--since: $(cat "$work/log")"
refuses "cut or rolled back" "$check" extends "$vkey" "$work/at$size" "$work/at5" "$work/honest"
cp -r "$work/ledger" "$work/forked"
enter MINE1 MINE2 MINE3
wufei checkpoint -o "$work/mine" > "$work/log"
WUFEI_LEDGER=$work/forked
enter OTHER1 OTHER2 OTHER3
wufei checkpoint -o "$work/other" > "$work/log"
enter OTHER4
wufei checkpoint -o "$work/later" > "$work/log"
wufei checkpoint --since "$work/other" -o "$work/lie" > "$work/log" 2>&1 || fail "--since: $(cat "$work/log")"
refuses "a fork" "$check" extends "$vkey" "$work/mine" "$work/other" "$work/lie"
refuses "does not continue" "$check" extends "$vkey" "$work/mine" "$work/later" "$work/lie"

[ $failures = 0 ]
