#!/usr/bin/env bash
# Receipts that an import writes, and the proof that the ledger extends a checkpoint which somebody
# kept: both checked by wufei-verify, which knows nothing of the ledger. A ledger that was put back
# or written anew under the same key is convicted by the kept checkpoint.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start

ledger=$work/ledger
cd "$work"
vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
[ -n "$vkey" ] || vkey=$(sed -n 's/.*--vkey \([^ ]*\) .*/\1/p' "$work/err")
size() { sed -n 2p "$ledger/checkpoint"; }
more() { # ID: a bundle with one more manifest
    mkdir -p "more-$1"
    cat > "more-$1/manifests.csv" <<CSV
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
$1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
}
check() { # NAME: both files of a receipt
    expect 0 "holds: the entry is in the log" wufei-verify proof --vkey "$vkey" \
        --entry "$1.entry" "$1.tlog-proof"
}

# --- init acknowledged with the receipt of the genesis, and the import of start() with that of its last
# entry, the seal
last=$(($(size) - 1))
check ledger.receipts/0
check "ledger.receipts/$last"
same "$(ls ledger.receipts | tr '\n' ' ')" "0.entry 0.tlog-proof $last.entry $last.tlog-proof " \
    "the receipts of init and an import"
# the command that it names, as it is printed
more M9
expect 0 "receipt: $work/ledger.receipts/$(($(size) + 1)).tlog-proof" wufei import more-M9
eval "$(sed -n 's/.*check it with: //p' err)" > out
same "$(head -1 out)" "holds: the entry is in the log" "the check that import names"

# --- everything there already: acknowledged again, with the receipt that lies there
expect 0 "receipt: " wufei import more-M9
check "ledger.receipts/$(($(size) - 1))"
rm -r ledger.receipts
expect 0 "receipt: " wufei import more-M9
check "ledger.receipts/$(($(size) - 1))"
expect 0 "" wufei -q import more-M9
same "$(cat err)" "" "what -q says"

# --- in a place of choice
more N1
expect 0 "receipt: mine.tlog-proof" wufei import more-N1 --receipt mine.tlog-proof
check mine
expect 2 "exists already" wufei import more-N1 --receipt mine.tlog-proof
expect 2 "is inside the ledger" wufei import more-N1 --receipt ledger/mine.tlog-proof
expect 2 "is inside the ledger" wufei import more-N1 --receipts ledger/mine
expect 2 "is inside the ledger" wufei import more-N1 --receipts ledger
expect 2 "not both" wufei import more-N1 --receipts a --receipt b
expect 2 "is not a folder" wufei import more-N1 --receipts mine.entry
expect 4 "cannot write absent/folder" wufei import more-N1 --receipts absent/folder
before=$(size)
more N2
expect 0 "receipts: 2 in all" wufei import more-N2 --receipts all
for seq in $(seq "$before" $(($(size) - 1))); do
    check "all/$seq"
done
same "$(ls all | wc -l)" 4 "files of two receipts"
# a receipt that is not of this ledger's entry is not written over: it is evidence of another
# history; the new one goes beside it
more N3
old=$(size)
echo other > "all/$old.entry"
echo other > "all/$old-2.entry"
expect 0 "the first is all/$old.tlog-proof" wufei import more-N3 --receipts all
check "all/$old-3"
check "all/$((old + 1))"
same "$(cat "all/$old.entry" "all/$old-2.entry" | tr '\n' ' ')" "other other " "files of others"
expect 0 "N3" wufei show N3
# the numbers of a ledger that was put back come again: the old receipt stays; the new one is
# written once
cp -r ledger fork
more F1 && more F2
expect 0 "" wufei import more-F1
old=$(($(size) - 1))
cp "ledger.receipts/$old.tlog-proof" kept.tlog-proof
expect 0 "is evidence and stays" wufei -L fork import more-F2 --receipts ledger.receipts
check "ledger.receipts/$old"
check "ledger.receipts/$old-2"
same "$(cat kept.tlog-proof)" "$(cat "ledger.receipts/$old.tlog-proof")" "the older receipt"
expect 0 "$old-2.tlog-proof" wufei -L fork import more-F2 --receipts ledger.receipts
same "$(ls ledger.receipts | grep -c "^$old-")" 2 "files of the new receipt"
rm -r fork
# rows that are refused: what was entered is acknowledged all the same
cp -r more-N3 mixed && sed -i 's/N3/N4/' mixed/manifests.csv
sed -n '2s/N4/N5/;2s/F1/NOWHERE/p' mixed/manifests.csv >> mixed/manifests.csv
expect 1 "receipt: mixed.tlog-proof" wufei import mixed --receipt mixed.tlog-proof
check mixed
expect 1 "" wufei import mixed --all-or-nothing --receipt none.tlog-proof
same "$(ls | grep -c none)" 0 "receipts of nothing"

# --- a kept checkpoint
expect 0 "" wufei checkpoint -o kept
more P1
expect 0 "" wufei import more-P1
expect 0 "check it with: wufei-verify extends" wufei checkpoint --since kept -o since.proof
expect 0 "holds: size $(size) extends size" wufei-verify extends --vkey "$vkey" kept since.proof
eval "$(sed -n 's/^check it with: //p' <(wufei checkpoint --since kept -o again.proof 2>&1))" > out
expect 0 "" cmp since.proof again.proof
expect 0 "" wufei checkpoint -o now
wufei checkpoint --since now > same.proof
expect 0 "holds" wufei-verify extends --vkey "$vkey" now now same.proof
expect 0 '"proof": "old ' wufei checkpoint --since kept --format json
expect 2 "exists already" wufei checkpoint --since kept -o since.proof
expect 2 "No such file" wufei checkpoint --since absent
expect 2 "is no checkpoint that this ledger" wufei checkpoint --since mixed.entry
sed '2s/$/0/' kept > forged
expect 2 "is no checkpoint that this ledger" wufei checkpoint --since forged
expect 0 "" wufei -L other init --origin test.example/other
expect 2 'it is of the ledger "test.example/other"' wufei checkpoint --since other/checkpoint

# --- what enters a key acknowledges as well; a new key signs from there on, and both checkpoints
# are checked under a policy that knows the two
expect 0 "receipt: $work/ledger.receipts/$(size).tlog-proof" wufei -L "$work/ledger" key rotate
eval "$(sed -n 's/.*check it with: //p' err)" > out
same "$(head -1 out)" "holds: the entry is in the log" "the check that key rotate names"
old_vkey=$vkey
vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
[ "$vkey" != "$old_vkey" ] || same "$vkey" "another" "the key after key rotate"
printf 'log %s\nlog %s\nquorum none\n' "$old_vkey" "$vkey" > both.policy
expect 0 "" wufei checkpoint --since kept -o rotated.proof
same "$(grep -o -e "--vkey" err | wc -l)" 2 "the keys that checkpoint --since names"
eval "$(sed -n 's/^check it with: //p' err)" > out
same "$(head -1 out)" "holds: size $(size) extends size $(sed -n 2p kept)" "the check that checkpoint --since names"
expect 0 "" wufei export --tiles rotated.tiles
expect 1 "give both keys" wufei-verify tiles --vkey "$vkey" --since kept rotated.tiles
expect 0 "holds: " wufei-verify tiles --vkey "$old_vkey" --vkey "$vkey" --since kept rotated.tiles
expect 0 "holds: size $(size) extends size" wufei-verify extends --policy both.policy kept rotated.proof
expect 1 "by a given key; the operator's key may have been changed between the two: give both keys" \
    wufei-verify extends --vkey "$vkey" kept rotated.proof
expect 1 "rotated.proof: does not hold: no signature of the note is by a given key; " \
    wufei-verify extends --vkey "$old_vkey" kept rotated.proof
wufei key new -o party.pem --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}" > /dev/null
expect 0 "receipt: party.tlog-proof" wufei key add PG party.pem.pub --receipt party.tlog-proof
check party
# each of them, in the place of choice and in the usual one
wufei key new -o party2.pem --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}" > /dev/null
for k in a b; do wufei key new -o $k.pem --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}" > /dev/null; done
acknowledged() { # COMMAND...
    local seq
    seq=$(size)
    expect 0 "receipt: $work/ledger.receipts/$seq.tlog-proof" "$@"
    check "ledger.receipts/$seq"
}
acknowledged wufei key rotate PG --key party.pem --new party2.pem
acknowledged wufei key quorum --threshold 1 a.pem.pub
wufei key quorum --threshold 1 b.pem.pub --order quorum.order > /dev/null
wufei key sign quorum.order --key a.pem > /dev/null
acknowledged wufei key enter quorum.order
acknowledged wufei key revoke PG --key party2.pem --reason "lost"

# --- put back to an older state, whole: nothing inside the folder shows it, the kept one does
cp -a ledger whole
more P2
expect 0 "" wufei import more-P2
expect 0 "" wufei checkpoint -o newest
rm -r ledger && cp -a whole ledger
expect 0 "" wufei verify
expect 1 "entries were cut off" wufei checkpoint --since newest -o never.proof
same "$(ls | grep -c never)" 0 "a proof of what does not hold"
grep -v "^wufei: " err > evidence
same "$(head -c "$(stat -c %s newest)" evidence)" "$(cat newest)" "the kept checkpoint in the evidence"

# --- and grown differently from there: both notes and the proof, which wufei-verify reads again
more P3
more P4
# (the receipt of the entry that was cut off lies where that of the new one is to go, shows it, and
# stays; the new one goes beside it)
expect 0 "of this one before it was put back" wufei import more-P3
check "ledger.receipts/$(($(size) - 1))"
check "ledger.receipts/$(($(size) - 1))-2"
mv ledger.receipts older.receipts
expect 0 "" wufei import more-P4
expect 0 "" wufei verify --signatures
expect 1 "rewritten, or the ledger was forked" wufei checkpoint --since newest
grep -v "^wufei: " err > evidence
same "$(head -c "$(stat -c %s newest)" evidence)" "$(cat newest)" "the kept checkpoint in the evidence"
tail -c +"$(($(stat -c %s newest) + 2))" evidence > shown.proof
expect 1 "prove that the log misbehaved" wufei-verify extends --vkey "$vkey" newest shown.proof
finish
