#!/usr/bin/env bash
# restore and the keys: a backup from before the operator's key was rotated or revoked, with the key in
# a file and behind a signer that remembers more; what is not known is said, and the receipt of the
# recovery is written like any other.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
signers=()
trap 'for p in "${signers[@]}"; do kill "$p" 2> /dev/null || true; done; rm -rf "$work"' EXIT
suite=${WUFEI_TEST_SUITE:-ed25519-sha256}
cd "$work"
export WUFEI_LEDGER=ledger
enter() { # ID: one more manifest
    mkdir -p "more-$1"
    cat > "more-$1/manifests.csv" <<CSV
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
$1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
    expect 0 "" wufei import "more-$1"
}
size() { sed -n 2p ledger/checkpoint; }
key() { wufei key show --format csv | awk -F, '$1 == "operator" && $3 == "valid" { print $2 }'; }
vkey() { wufei stat --format csv | sed -n 's/^vkey,//p'; }
holds() {
    expect 0 "recovery" wufei verify --signatures
    expect 0 "equal" wufei rebuild --check
    expect 0 "" wufei scrub
}
says() { grep -qF -- "$1" err || { same "$(cat err)" "$1" "what restore says"; }; }
not_said() { ! grep -qF -- "$1" err || same "$(cat err)" "not: $1" "what restore says"; }
anew() { # a ledger as it was before the first restore
    rm -rf ledger ledger.before-restore-* ledger.receipts
    cp -a "$1" ledger
}

# --- the receipt of the genesis, and of a recovery
check() { # NAME
    expect 0 "holds: the entry is in the log" wufei-verify proof --vkey "$(vkey)" \
        --entry "$1.entry" "$1.tlog-proof"
}
check ledger.receipts/0
expect 0 "receipt: genesis.tlog-proof" wufei init city2 --suite "$suite" --receipt genesis.tlog-proof
[ ! -e city2.receipts ] || same there absent "receipts that were wanted elsewhere"
expect 2 "exists already" wufei init city3 --suite "$suite" --receipt genesis.tlog-proof
expect 2 "exists and is not empty" wufei init city2 --suite "$suite"
[ ! -e city3 ] || same there absent "a ledger whose receipt has no place"
first=$(key)
wufei backup before > /dev/null
restored=$(size)
enter K1
expect 2 "exists already" wufei restore before --receipt genesis.tlog-proof
expect 2 "is inside the ledger" wufei restore before --receipt ledger/r.tlog-proof
same "$(ls -d ledger.before* 2> /dev/null | wc -l)" 0 "what was put aside"
expect 0 "receipt: recovery.tlog-proof" wufei restore before --receipt recovery.tlog-proof
says "2 entries that were signed are lost"
not_said "is not known"
check recovery
expect 0 "recovery" wufei show "entry:$restored"
expect 0 "" cmp ledger.receipts/$((restored - 1)).entry <(wufei prove $((restored - 1)) -o again.tlog-proof > /dev/null; cat again.entry)
expect 0 "receipt: ledger.receipts/$restored.tlog-proof" wufei restore before
check "ledger.receipts/$restored"
holds
enter K2

# --- what is lost is not known: said, and a kept checkpoint or receipt tells
wufei checkpoint > kept
cp ledger.receipts/$(($(size) - 1)).tlog-proof kept.tlog-proof
grown=$(size)
rm ledger/checkpoint
expect 3 "nothing shows that the store was not put back" wufei verify
expect 0 "how much is lost is not known" wufei restore before
says "--last FILE"
expect 0 "what was signed since is not known" wufei verify
expect 0 "$((grown - restored)) entries that were signed are lost" wufei restore before --last kept
not_said "is not known"
expect 0 "$((grown - restored)) entries that were signed are lost" wufei restore before \
    -L elsewhere --key ledger/operator.pem --last kept.tlog-proof
expect 0 "put back from a backup; $((grown - restored)) entries" wufei -L elsewhere verify --signatures
echo rubbish > rubbish
expect 2 "rubbish is neither a signed checkpoint nor a receipt" wufei restore before --last rubbish
expect 2 "absent: there is no such file" wufei restore before --last absent
wufei -L other init --origin other.example/city > /dev/null 2>&1
expect 2 "is of another ledger" wufei restore before --last other/checkpoint
expect 2 "absent: there is no such file" wufei restore before --key absent
expect 2 "is key " wufei restore before --key other/operator.pem
wufei key new -o plain.pem --suite "$suite" > /dev/null
expect 2 "name its file with --key FILE" wufei restore before --key plain.pem.pub
# the copy that witnesses cosigned counts where the checkpoint is gone
wufei checkpoint > ledger/witnessed
rm ledger/checkpoint
expect 0 "1 entries that were signed are lost" wufei restore before

# --- the key was rotated after the backup: the former one signs, and the change is to be made anew
rm -rf ledger.before-restore-*
wufei backup before-rotate > /dev/null
expect 0 "" wufei key rotate
second=$(key)
[ "$first" != "$second" ] || same "$second" another "the key after a rotation"
enter K3
wufei backup after-rotate > /dev/null
cp -a ledger rotated
expect 0 "key $first signs for the operator again: that key $second followed it" wufei restore before-rotate
says "entries that were signed are lost"
same "$(key)" "$first" "the key after a restore across a rotation"
same "$(stat -c %a ledger/operator.pem)" 600 "mode of the key"
check "ledger.receipts/$(($(size) - 1))"
holds
enter K4
expect 0 "" wufei key rotate --new ledger.before-restore-1/operator.pem
same "$(key)" "$second" "the successor made anew"
enter K5
holds
# a backup from behind the change has the present key, and nothing is said
anew rotated
expect 0 "$second" wufei restore after-rotate
not_said "signs for the operator again"
same "$(key)" "$second" "the key after a restore behind the rotation"
# ... and none the less when the ledger in the place is from before it: its key is no later one
rm -rf ledger && cp -a before-rotate ledger && cp rotated/operator-"$first".pem ledger/operator.pem
expect 2 "ledger/operator.pem is key $first, and the log of the backup names key $second" \
    wufei restore after-rotate
expect 0 "" wufei restore after-rotate --key rotated/operator.pem
not_said "signs for the operator again"
# the former key is nowhere: refused, nothing changed
anew rotated
rm ledger/operator-"$first".pem
expect 2 "ledger/operator.pem is key $second, and the log of the backup names key $first" \
    wufei restore before-rotate
says "as operator-$first.pem"
expect 2 "$first" wufei restore before-rotate --key ledger/operator.pem
same "$(ls -d ledger.before* .ledger.tmp* 2> /dev/null | wc -l)" 0 "what a refused restore left"
expect 0 "" wufei import more-K3
expect 0 "key $first signs" wufei restore before-rotate --key rotated/operator-"$first".pem
holds
expect 2 "key $first, the operator's, is neither in the backup nor in gone" \
    wufei restore before-rotate -L gone
# a backup with its key brings the right one
cp -a before-rotate with-key && cp -p rotated/operator-"$first".pem with-key/operator.pem
anew rotated
expect 0 "key $first signs for the operator again" wufei restore with-key
cp -p rotated/operator.pem with-key/operator.pem
anew rotated
expect 1 "is not the one that the log names" wufei restore with-key
expect 1 "is not the one that the log names" wufei -L with-key backup never --with-key
[ ! -e never ] || same there absent "a backup with a wrong key"

# --- revoked, by itself and by offline keys: the same, and the order can be entered again
anew rotated
for k in a b; do wufei key new -o $k.pem --suite "$suite" > /dev/null; done
expect 0 "quorum" wufei key quorum --threshold 2 a.pem.pub b.pem.pub
wufei backup before-revoke > /dev/null
cp -a ledger quorum
expect 0 "lost laptop" wufei key revoke operator --reason "lost laptop"
third=$(key)
enter K6
expect 0 "key $second signs for the operator again: that key $third followed it" wufei restore before-revoke
expect 0 "lost laptop" wufei key revoke operator --reason "lost laptop" \
    --new ledger.before-restore-1/operator.pem
same "$(key)" "$third" "the key after the second revocation"
enter K7
holds
anew quorum
wufei key new -o next.pem --suite "$suite" > /dev/null
next=$(wufei key show next.pem --format csv | tail -1 | cut -d, -f3)
expect 0 "" wufei key revoke operator --id "$second" --reason "broken module" --new next.pem --order o.order
for k in a b; do expect 0 "" wufei key sign o.order --key $k.pem; done
expect 0 "broken module" wufei key enter o.order --new next.pem
enter K8
expect 0 "followed it was entered after" wufei restore before-revoke
says "wufei key enter"
expect 0 "broken module" wufei key enter o.order --new next.pem
same "$(key)" "$next" "the key that the order names"
enter K9
holds

# --- behind a signer that remembers more than the backup has
serve() { # NAME [OPTIONS]: a signer with NAME.pem behind NAME.sock
    local name=$1
    shift
    rm -f "$name.out"
    wufei key serve --key "$name.pem" --socket "$work/$name.sock" "$@" > "$name.out" 2> "$name.err" &
    signers+=($!)
    for _ in $(seq 1200); do [ -s "$name.out" ] && return; sleep 0.05; done
    same "$(cat "$name.err")" "" "a signer that did not start"
}
end() { kill "${signers[-1]}"; wait "${signers[-1]}" || true; }
anew rotated
wufei key new -o s.pem --suite "$suite" > /dev/null
serve s
grep -q "remembers nothing" s.err || same "$(cat s.err)" "" "what a new signer says"
expect 4 "another signer serves the key s.pem already" wufei key serve --key s.pem --socket "$work/t.sock"
expect 4 "listens at" wufei key serve --key plain.pem --socket "$work/s.sock"
expect 2 "is not a socket" wufei key serve --key plain.pem --socket "$work/rubbish"
expect 0 "" wufei key rotate --signer "$work/s.sock"
wufei backup before-signer > /dev/null
at=$(size)
enter S1
enter S2
large=$(size)
cp s.pem.signed remembered
expect 4 "a checkpoint of $((at + 1)) entries, when one of $large was signed" wufei restore before-signer
says "start it anew with --memory and the name of a new file"
says "s.pem.signed"
same "$(ls -d ledger.before* .ledger.tmp* 2> /dev/null | wc -l)" 0 "what a refused restore left"
expect 0 "" cmp remembered s.pem.signed
enter S3
large=$(size)
expect 0 "--memory" wufei restore --help
end
serve s --memory "$work/s.signed-2"
grep -q "remembers nothing" s.err || same "$(cat s.err)" "" "what a signer with a new memory says"
expect 0 "$((large - at)) entries that were signed are lost" wufei restore before-signer
eval "$(sed -n 's/.*check it with: //p' err)" > out
same "$(head -1 out)" "holds: the entry is in the log" "the receipt of a recovery"
same "$(sed -n 2p s.signed-2)" "$(size)" "what the signer remembers now"
same "$(sed -n 2p s.pem.signed)" "$large" "what the old file shows for ever"
holds
enter S4
# started with the old memory again it still refuses, and so does the new one what is older yet
end
serve s
expect 4 "was signed: the ledger was put back to an older state" wufei import more-S3
end
serve s --memory "$work/s.signed-2"
enter S5
expect 4 "was signed: the ledger was put back to an older state" wufei restore before-signer
# down: nothing is put in place
end
expect 4 "nobody listens" wufei restore before-signer
holds

# --- from behind a signer to before it: the key that the signer's followed is in the folder
expect 4 "nobody listens" wufei import more-S5
expect 4 "nobody listens" wufei restore after-rotate
expect 0 "" wufei restore after-rotate --key ledger.before-restore-1/operator-"$second".pem
[ ! -e ledger/operator.signer ] || same there absent "the name of a signer with another key"
not_said "followed it was entered" # nobody could be asked which key that was
finish
