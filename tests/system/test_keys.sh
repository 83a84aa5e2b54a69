#!/usr/bin/env bash
# The life of keys as their holders see it: made, encrypted, rotated, revoked, by offline keys, and held
# by another process; with the mistakes that people make.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start

signers=()
# shellcheck disable=SC2329
stop_signers() { for p in "${signers[@]}"; do kill "$p" 2>/dev/null || true; done; cleanup; }
cleanup() { rm -rf "$work"; }
trap stop_signers EXIT
suite=${WUFEI_TEST_SUITE:-ed25519-sha256}
L=$work/ledger
export WUFEI_LEDGER=$L
cd "$work"

id_of() { wufei key show "$1" --format csv | tail -1 | cut -d, -f3; }
# more ID: one more manifest, which the operator seals
more() {
    mkdir -p "$work/more"
    printf '%s\n' "manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg" \
        "$1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100" > "$work/more/manifests.csv"
}
enters() { more "$1"; expect 0 "manifests.csv,1,1,0,0" wufei import "$work/more"; }
holds() { expect 0 "signatures,holds" wufei verify --signatures; }
vkey() { wufei key show --format csv | grep "^operator,[0-9a-f]*,valid" | sed 's/.*,//'; }
# checkpoint_by VKEY: somebody else's look at the checkpoint
checkpoint_by() { wufei checkpoint -q > "$work/checkpoint.now"; expect 0 "" wufei-verify checkpoint --vkey "$1" "$work/checkpoint.now"; }

# --- keys in files
expect 0 "$suite" wufei key new -o p1.pem --suite "$suite"
expect 0 "$suite" wufei key new -o p1b.pem --suite "$suite"
for k in a b c d operator2 operator3 operator4; do wufei key new -q -o $k.pem --suite "$suite" > /dev/null; done
same "$(stat -c %a p1.pem)" 600 "mode of a private key"
same "$(id_of p1.pem)" "$(id_of p1.pem.pub)" "the id of a key and of its public half"
expect 2 "exists already" wufei key new -o p1.pem
expect 2 "unknown suite" wufei key new -o other.pem --suite rsa
expect 0 "PUBLIC KEY" openssl pkey -in p1.pem -pubout
expect 0 "PUBLIC KEY" cat p1.pem.pub

# --- encrypted, with the passphrase in a file
echo "four words in a line" > words; chmod 600 words
expect 1 "WUFEI_KEY_PASSPHRASE_FILE" wufei key new -o sealed.pem --encrypt < /dev/null
export WUFEI_KEY_PASSPHRASE_FILE=$work/words
expect 0 "" wufei key new -o sealed.pem --encrypt --suite "$suite"
expect 0 "ENCRYPTED" cat sealed.pem
expect 0 "" openssl pkey -in sealed.pem -passin file:words -noout
expect 1 "" openssl pkey -in sealed.pem -passin pass:wrong -noout
unset WUFEI_KEY_PASSPHRASE_FILE
expect 0 "$suite" wufei key show sealed.pem

openssl pkey -in "$L/operator.pem" -pubout -out operator-now.pub
expect 1 "the operator's own key" wufei key add P1 operator-now.pub

# --- the operator rotates: the checkpoint is signed by the new key from then on
first=$(vkey)
checkpoint_by "$first"
expect 0 ",rotated," wufei key rotate --format csv
second=$(vkey)
[ "$first" != "$second" ] || { echo "FAIL: the vkey did not change"; failures=$((failures + 1)); }
checkpoint_by "$second"
expect 1 "" wufei-verify checkpoint --vkey "$first" "$work/checkpoint.now"
enters K1
holds
expect 0 "" wufei key rotate --new operator2.pem
enters K2
holds
expect 1 "known already" wufei key rotate --new operator2.pem
expect 2 "leave out --key" wufei key rotate --key operator2.pem
echo "four words in a line" > words
WUFEI_KEY_PASSPHRASE_FILE=$work/words expect 0 "" wufei key rotate --encrypt
more K3
expect 4 "WUFEI_KEY_PASSPHRASE_FILE" wufei import "$work/more" < /dev/null
echo "other words" > wrong
WUFEI_KEY_PASSPHRASE_FILE=$work/wrong expect 4 "wrong passphrase" wufei import "$work/more"
WUFEI_KEY_PASSPHRASE_FILE=$work/nowhere expect 4 "nowhere" wufei import "$work/more"
export WUFEI_KEY_PASSPHRASE_FILE=$work/words
enters K3
holds
expect 0 "" wufei key rotate
unset WUFEI_KEY_PASSPHRASE_FILE
same "$(wufei key show --format csv | grep -c '^operator,')" 5 "keys of the operator"

# --- the key of another ledger
expect 0 "" wufei -L "$work/other" init --origin test.example/other --suite "$suite"
cp -a "$L" "$work/mixed"; cp "$work/other/operator.pem" "$work/mixed/operator.pem"
expect 4 "is not the key" wufei -L "$work/mixed" import "$work/more"

# --- parties
expect 0 "P1,$(id_of p1.pem),valid" wufei key add P1 p1.pem.pub --format csv
expect 1 "known already" wufei key add P1 p1.pem.pub
expect 2 "wufei key rotate" wufei key add operator a.pem.pub
expect 1 "not by any key of P2" wufei key rotate P2 --key p1.pem --new p1b.pem
expect 2 "key OLD" wufei key rotate P1 --new p1b.pem
expect 0 "rotated" wufei key rotate P1 --key p1.pem --new p1b.pem
expect 1 "was rotated in entry" wufei key rotate P1 --key p1.pem --new d.pem
expect 2 "reason" wufei key revoke P1 --key p1b.pem
expect 0 "revoked" wufei key revoke P1 --key p1b.pem --reason "a laptop was lost"
expect 1 "was revoked in entry" wufei key revoke P1 --key p1b.pem --reason "again"
expect 0 "a laptop was lost" wufei key show
holds

# --- offline keys
expect 0 "" wufei key add P2 p1.pem.pub
p2=$(id_of p1.pem)
expect 0 "revoke" wufei key revoke P2 --id "$p2" --reason "the firm is closed" --order early.order
expect 0 "" wufei key sign early.order --key a.pem
expect 1 "no offline keys yet" wufei key enter early.order
expect 2 "between 1 and" wufei key quorum --threshold 4 a.pem.pub b.pem.pub c.pem.pub
expect 0 "quorum,$(id_of a.pem),valid" wufei key quorum --threshold 2 a.pem.pub b.pem.pub c.pem.pub --format csv
expect 1 "are in force" wufei key quorum --threshold 1 d.pem.pub
expect 0 "revoke" wufei key revoke P2 --id "$p2" --reason "the firm is closed" --order p2.order
expect 1 "nobody signed" wufei key enter p2.order
expect 0 "the firm is closed,1" wufei key sign p2.order --key a.pem --format csv
expect 1 "1 of the offline keys signed, 2 must" wufei key enter p2.order
expect 1 "signed this order already" wufei key sign p2.order --key a.pem
cp p2.order forged.order; sed -i 's/the firm is closed/no reason at all/' forged.order
expect 0 "" wufei key sign forged.order --key b.pem
expect 1 "does not hold for this order" wufei key enter forged.order
cp p2.order stranger.order
expect 0 "" wufei key sign stranger.order --key d.pem
expect 1 "1 of the offline keys signed, 2 must" wufei key enter stranger.order
expect 0 "the firm is closed,2" wufei key sign p2.order --key c.pem --format csv
# a stranger's signature is left out and spoils nothing
expect 0 "the firm is closed,3" wufei key sign p2.order --key d.pem --format csv
expect 1 "is for the ledger" wufei -L "$work/other" key enter p2.order
expect 0 "the firm is closed" wufei key enter p2.order
expect 1 "was revoked already" wufei key enter p2.order
expect 1 "operator never had a key 0123456789abcdef" \
    wufei key revoke operator --id 0123456789abcdef --reason x --order bad.order
expect 2 "16 digits" wufei key revoke P2 --id 12 --reason x --order bad.order
expect 2 "needs --reason" wufei key revoke P2 --id "$p2" --order bad.order
holds

# --- the operator's key is lost: two of three put another in its place
lost=$(wufei key show --format csv | grep '^operator,[0-9a-f]*,valid' | cut -d, -f2)
rm "$L/operator.pem"
more K4
expect 4 "operator.pem" wufei import "$work/more"
expect 0 "" wufei key revoke operator --id "$lost" --reason "module broken" --new operator3.pem.pub --order op.order
expect 0 "" wufei key sign op.order --key b.pem
expect 0 "" wufei key sign op.order --key c.pem
expect 2 "private key with --new" wufei key enter op.order
expect 1 "not the one that the order names" wufei key enter op.order --new operator4.pem
expect 0 "module broken" wufei key enter op.order --new operator3.pem
enters K4
holds
checkpoint_by "$(vkey)"

# --- the quorum changes itself
expect 0 "quorum" wufei key quorum --threshold 1 d.pem.pub --order q.order
expect 0 "" wufei key sign q.order --key a.pem
expect 0 "" wufei key sign q.order --key b.pem
expect 0 "followed" wufei key enter q.order
expect 1 "names that entry" wufei key enter q.order
holds

# --- a signer that is another process
serve() { # NAME: a signer with NAME.pem behind NAME.sock
    wufei key serve --key "$1.pem" --socket "$work/$1.sock" > "$work/$1.out" 2> "$work/$1.err" &
    signers+=($!)
    for _ in $(seq 1200); do [ -s "$work/$1.out" ] && return; sleep 0.05; done
    echo "FAIL: the signer $1 did not start: $(cat "$work/$1.err")"; failures=$((failures + 1))
}
serve operator4
same "$(stat -c %a operator4.sock)" 600 "mode of the socket"
expect 4 "another signer serves the key" wufei key serve --key operator4.pem --socket "$work/operator4.sock"
expect 0 "" wufei key rotate --signer "$work/operator4.sock"
[ ! -e "$L/operator.pem" ] || { echo "FAIL: the former key is still in place"; failures=$((failures + 1)); }
enters K5
holds
checkpoint_by "$(vkey)"
same "$(sed -n 2p operator4.pem.signed)" "$(sed -n 2p checkpoint.now)" "what the signer remembers"

# a rolled back ledger gets nothing signed, even when all traces of it in the folder are gone
cp -a "$L" "$work/older"
cp -a "$L" "$work/grown"
enters K6
more K7
expect 4 "these are two histories" wufei -L "$work/older" import "$work/more"
# nor does one that has grown beyond what was signed
more K8
for id in K9 K10 K11; do sed -n "2s/K8/$id/p" "$work/more/manifests.csv"; done > "$work/grows"
cat "$work/grows" >> "$work/more/manifests.csv"
expect 4 "does not extend" wufei -L "$work/grown" import "$work/more"
more K7

# dead: nothing is acknowledged, the ledger is read as before
kill "${signers[0]}"; wait "${signers[0]}" 2>/dev/null || true
[ ! -e operator4.sock ] || { echo "FAIL: the socket stayed"; failures=$((failures + 1)); }
expect 4 "nobody listens" wufei import "$work/more"
expect 1 "" grep -q K7 <(wufei list manifests --format csv)
holds
# a socket that a killed signer left is taken over; another key behind it is not ours
serve operator3; kill -9 "${signers[1]}"; wait "${signers[1]}" 2>/dev/null || true
serve operator3
WUFEI_SIGNER=$work/operator3.sock expect 4 "is not the key that" wufei import "$work/more"
serve operator4
enters K7
holds
expect 0 "" wufei rebuild --check
# a backup has no key, and needs none where the process that signs is named in its place
expect 0 "" wufei backup "$work/kept"
expect 0 "" wufei restore "$work/kept"
[ -s "$L/operator.signer" ] || { echo "FAIL: a restore lost the signer"; failures=$((failures + 1)); }
holds

# --- what is asked wrongly
expect 2 "does not know" wufei key make
expect 2 "usage" wufei key add P1
expect 2 "needs --socket" wufei key serve --key a.pem
expect 0 "wufei key rotate" wufei key --help
expect 0 "密钥" wufei --lang zh key --help
finish
