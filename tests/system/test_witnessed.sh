#!/usr/bin/env bash
# The file "witnessed" is judged before anything is passed on as witnessed: another root, another
# ledger's or a fork's checkpoint, a damaged cosignature, fewer than the policy asks for. Receipts and
# exported tiles are then under the ledger's own checkpoint, and somebody says why.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
ledger=$work/ledger
pids=()
trap 'kill "${pids[@]}" 2> /dev/null; wait; rm -rf "$work"' EXIT

more() { # NAME: one batch more
    rm -rf "$work/more"
    mkdir "$work/more"
    printf 'batch_id,site_id,time,waste_code,mass_kg,basis\n%s,F1,2026-03-05T08:00:00+08:00,336-064-17,1,weighed\n' \
        "$1" > "$work/more/generation.csv"
    expect 0 "" wufei import "$work/more"
}
vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
echo "log $vkey" > "$work/logs"
for w in w1 w2 w3; do
    wufei witness serve --state "$work/$w" --key "$work/$w.pem" --name "$w.example/w" --new-key \
        --logs "$work/logs" --listen 127.0.0.1:0 > "$work/$w.line" 2> "$work/$w.log" &
    pids+=($!)
done
for w in w1 w2 w3; do
    for ((i = 0; i < 400; i++)); do [ ! -s "$work/$w.line" ] || break; sleep 0.05; done
done
{
    echo "log $vkey"
    sed -E 's/^witness ([a-z0-9]+)[^ ]*/witness \1/' "$work"/w?.line
    echo "group most 2 w1 w2 w3"
    echo "quorum most"
} > "$ledger/policy"
cp -a "$ledger" "$work/fork"
more M1
expect 0 "" wufei witness ask
expect 0 "" wufei checkpoint --witnessed
witnessed=$(cat "$ledger/witnessed")
size=$(sed -n 2p "$ledger/witnessed")
more M2
expect 0 "" wufei prove 3
grep -qxF "$(tail -1 "$ledger/witnessed")" "$work/out" || same other witnessed "the checkpoint of the receipt"
same "$(cat "$work/err")" "" "what is said of a witnessed checkpoint that holds"
expect 0 "" wufei scrub --no-book
older() { export WUFEI_LEDGER=$1; more "$2"; export WUFEI_LEDGER=$ledger; }
older "$work/fork" X1
cp "$work/fork/checkpoint" "$work/forked"
older "$work/fork" X2
older "$work/fork" X3

# refused STATUS WORDS: nobody passes the file on, and everybody says why
refused() {
    expect "$1" "$2" wufei checkpoint --witnessed
    same "$(cat "$work/out")" "" "what is printed as witnessed ($2)"
    expect 0 "$2" wufei prove 3
    tail -3 "$work/out" | grep -qxF "$(tail -1 "$ledger/checkpoint")" || same other own "the checkpoint of the receipt ($2)"
    grep -q '^— w[123]' "$work/out" && same w own "whose signatures the receipt has ($2)"
    expect 0 "$2" wufei verify
    expect 0 "" wufei stat
    grep -q witnessed_size "$work/out" && same there none "witnessed_size ($2)"
    rm -rf "$work/receipts" "$work/tiles"
    expect 0 "$2" wufei export --tiles "$work/tiles"
    same "$(cat "$work/tiles/checkpoint")" "$(cat "$ledger/checkpoint")" "the exported checkpoint ($2)"
    expect 3 "${3-file}," wufei scrub --no-book
    grep -q "${4-wufei witness ask}" "$work/out" || same "$(cat "$work/out")" "${4-wufei witness ask}" "the way out"
    printf '%s\n' "$witnessed" > "$ledger/witnessed"
}
sed -i '3s/^..../AAAA/' "$ledger/witnessed"; refused 3 "signature"
sed -i '2s/.*/3/' "$ledger/witnessed";       refused 3 "signature"
cp "$work/forked" "$ledger/witnessed";       refused 3 "have another root than the checkpoint"
cp "$work/fork/checkpoint" "$ledger/witnessed"; refused 3 "rolled back or truncated" signed "at least 2 are missing"
head -5 "$ledger/checkpoint" > "$ledger/witnessed"; refused 1 "below the quorum"
: > "$ledger/witnessed";                     refused 3 "is not a checkpoint that the witnesses"
# one character within each cosignature
for w in w1 w2 w3; do
    sed -i "/^— $w/s/A\([^A ]\)\([^ ]\{10\}\)\$/B\1\2/; /^— $w/s/\([^ ]\{20\}\).\([^ ]\{10\}\)\$/\1x\2/" "$ledger/witnessed"
    refused 3 "cosignature of $w.example/w does not hold"
done
# two of three when all are asked for, and a policy that cannot be read
sed -i '/^— w3/d' "$ledger/witnessed"
expect 0 "" wufei checkpoint --witnessed
cp "$ledger/policy" "$work/policy"
sed -i 's/^group most 2/group most all/' "$ledger/policy"
refused 1 "below the quorum of the file policy: group most has 2 of 3"
echo "quorum nobody" > "$ledger/policy"
refused 3 "policy: line 1"
# without a policy what can be known is still compared
rm "$ledger/policy"
expect 0 "" wufei checkpoint --witnessed
head -5 "$ledger/checkpoint" > "$ledger/witnessed"; refused 1 "nobody but the ledger itself"
sed -i '3s/^..../AAAA/' "$ledger/witnessed"; refused 3 "signature"
cp "$work/policy" "$ledger/policy"

# asking again is the way out of each
for spoil in "sed -i 3s/^..../AAAA/" "sed -i 2,\$d" "sed -i /^—/d"; do
    $spoil "$ledger/witnessed"
    expect 0 "" wufei witness ask
    expect 0 "" wufei checkpoint --witnessed
    expect 0 "files, tables\",whole" wufei scrub --no-book
done
finish
