#!/usr/bin/env bash
# restore puts no other history in the place of a ledger, and writes no loss into the log on the word of
# a text that nobody signed.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
suite=${WUFEI_TEST_SUITE:-ed25519-sha256}
cd "$work"
export WUFEI_LEDGER=ledger
enter() { # LEDGER ID: one more manifest
    mkdir -p "more-$2"
    cat > "more-$2/manifests.csv" <<CSV
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
$2,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
    expect 0 "" wufei -L "$1" import "more-$2"
}
size() { sed -n 2p "$1/checkpoint"; }
unchanged() { same "$(ls -d ledger.before* .ledger.tmp* 2> /dev/null | wc -l)" 0 "what a refused restore left"; }
origin=$(head -1 ledger/checkpoint)
wufei backup monday > /dev/null
start_size=$(size ledger)
cp -a ledger fork
enter ledger K1
enter fork K2
enter fork K3
wufei -L fork backup forked > /dev/null
wufei backup tuesday > /dev/null

# --- a fork by the same key, shorter and longer than what stands there; damage does not look like one
for longer in no yes; do
    expect 1 "from entry $start_size on they are two histories" wufei restore forked
    grep -q "is not of the ledger that was signed" err || same "$(cat err)" "" "what restore says"
    unchanged
    for n in 1 2 3 4; do [ "$longer" = yes ] || enter ledger "L$n"; done
done
expect 0 "" wufei verify
mkdir away && mv ledger away && cp -a away/ledger ledger
truncate -s 20000 ledger/store/data.mdb
expect 0 "" wufei restore tuesday
rm -rf ledger ledger.before-restore-* ledger.receipts && cp -a away/ledger ledger
# it is truly meant: the folder is named otherwise first, and nothing of it is forgotten unseen
mv ledger aside
expect 0 "" wufei restore forked --key aside/operator.pem
rm -rf ledger ledger.receipts && mv aside ledger

# --- a stranger's ledger of the same name
wufei init -L stranger --origin "$origin" --suite "$suite" > /dev/null 2>&1
wufei -L stranger backup strange --with-key > /dev/null
expect 2 "it has another entry 0 than the backup strange" wufei restore strange
unchanged

# --- what is named as the last must have been signed by the operator
noise() { head -c "$1" /dev/zero | base64 -w0; }
newest=$(wufei checkpoint)
by=$(printf '%s\n' "$newest" | tail -1 | cut -d' ' -f2)
same "$by" "$origin" "who signed"
{ printf '%s\n999999\n' "$origin"; printf '%s\n' "$newest" | sed -n 3p; echo; echo "— $origin $(noise 68)"; } > hand-made
printf '%s\n' "$newest" | sed '2s/.*/999999/' > changed
expect 2 "is signed by no key of the operator" wufei restore monday --last hand-made
grep -q -- "--vkey VKEY" err || same "$(cat err)" "--vkey VKEY" "the way out"
expect 2 "its signature does not verify by the operator's key" wufei restore monday --last changed
expect 2 "is signed by no key of the operator" wufei restore monday --last stranger/checkpoint
expect 2 "--vkey" wufei restore monday --last hand-made --vkey nonsense
unchanged
# a damaged checkpoint in the place says nothing, and is no admission
cp -a ledger whole
cp changed ledger/checkpoint
expect 0 "how much is lost is not known" wufei restore monday

# --- across a change of the key: the old log knows the key; where there is none, it is named
rm -rf ledger ledger.before-restore-* ledger.receipts && mv whole ledger
key=$(wufei key show --format csv | awk -F, '$1 == "operator" && $3 == "valid" { print $2 }')
expect 0 "" wufei key rotate
enter ledger R1
wufei checkpoint > kept
vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
lost=$(($(size ledger) - start_size))
former=ledger/operator-$key.pem
expect 2 "is signed by no key of the operator" wufei restore monday -L new --key "$former" --last kept
[ ! -e new ] || same there absent "what a refused restore left"
expect 0 "$lost entries that were signed are lost" \
    wufei restore monday -L new --key "$former" --last kept --vkey "$vkey"
expect 0 "$lost entries that were signed are lost" wufei restore monday --last kept
! grep -q "could not be verified" err || same "$(cat err)" "verified" "what the old log knows"
finish
