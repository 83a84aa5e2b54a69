#!/usr/bin/env bash
# The copy of the last checkpoint outside of the ledger: a new one never takes the place of one that
# proves that the ledger was put back; in the place of one that says nothing it does, and that is said.
# Who only reads goes on without it and tells.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
cd "$work"
export WUFEI_LEDGER=ledger
says() { grep -qF -- "$1" err || same "$(cat err)" "$1" "what the command says"; }
quiet() { [ ! -s err ] || same "$(cat err)" "" "what the command says"; }
enter() { # ID: one more manifest
    mkdir -p "more-$1"
    cat > "more-$1/manifests.csv" <<CSV
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
$1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
    expect 0 "" wufei import "more-$1"
}
put_back() { # NAME: the folder as it was
    rm -rf ledger
    cp -a "$1" ledger
}
mkdir elsewhere
expect 0 "guard,repaired" wufei repair --guard elsewhere/a
quiet
expect 0 "guard,the log goes on from it" wufei stat
expect 0 "guard,holds" wufei verify
cp -a ledger monday
enter G1
small=$(sed -n 2p monday/checkpoint) large=$(sed -n 2p ledger/checkpoint)
[ "$small" -lt "$large" ] || same "$small" "less than $large" "the size before"

# --- the ledger is put back: the copy that shows it stays the copy
put_back monday
expect 3 "rolled back or truncated" wufei import more-G1
for name in elsewhere/b elsewhere/a; do # another file; the very one, which would have to be moved away
    expect 3 "a checkpoint of $large entries, from which the log of $small does not go on" \
        wufei repair --guard "$name"
    says "wufei restore"
done
[ ! -e elsewhere/b ] || same there absent "a copy that was refused"
same "$(cat ledger/guard)" "$work/elsewhere/a" "the copy that is named"
expect 3 "rolled back or truncated" wufei import more-G1
# also when another copy was named by hand, and the file that is to be the next one shows it
cp ledger/checkpoint elsewhere/c
echo "$work/elsewhere/c" > ledger/guard
expect 3 "from which the log of $small does not go on" wufei repair --guard elsewhere/a
expect 2 "exists already" wufei repair --guard elsewhere/c
echo "$work/elsewhere/a" > ledger/guard
# the way out that is named: the folder itself is the backup, and the log admits the loss
cp -a ledger copy && rm copy/guard
expect 0 "$((large - small)) entries that were signed are lost" wufei restore copy
expect 0 "guard,repaired" wufei repair --guard elsewhere/b
quiet
enter G2

# --- across a change of the operator's key: the one that signed the copy is put back as well
cp -a ledger tuesday
expect 0 "" wufei key rotate
put_back tuesday
expect 3 "does not go on" wufei repair --guard elsewhere/d
cp -a ledger copy2 && rm copy2/guard
expect 0 "entries that were signed are lost" wufei restore copy2

# --- another history of the same length, or longer
cp -a ledger wednesday
enter G3
put_back wednesday
rm ledger/guard
enter G4
enter G5
echo "$work/elsewhere/b" > ledger/guard
expect 3 "does not go on" wufei repair --guard elsewhere/d

# --- missing or damaged: who reads goes on and tells; a new one comes in its place, which is said
put_back wednesday
rm elsewhere/b
expect 0 "elsewhere/b, the copy of the last checkpoint outside of ledger, is missing" wufei stat
expect 0 "guard,not compared" wufei verify
expect 3 "is missing" wufei import more-G3
expect 0 "nothing outside proves any more" wufei repair --guard elsewhere/d
says "is missing"
for change in 's/^[0-9]*$/7/' '$d' '$s/....$/AAA=/'; do
    cp ledger/checkpoint elsewhere/whole
    sed -i "$change" "$(cat ledger/guard)"
    rm -f elsewhere/e elsewhere/f
    [ "$(cat ledger/guard)" = "$work/elsewhere/d" ] && next=elsewhere/e || next=elsewhere/f
    expect 0 "nothing outside proves any more" wufei repair --guard "$next"
    cp elsewhere/whole elsewhere/d
    expect 0 "guard,repaired" wufei repair --guard elsewhere/g
    rm "$next"
    mv elsewhere/g elsewhere/d
    echo "$work/elsewhere/d" > ledger/guard
done
enter G6
finish
