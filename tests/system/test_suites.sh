#!/usr/bin/env bash
# One small city in a ledger of each suite: everything from init to a receipt that a stranger checks,
# and the same answers from both. Keys and signatures of one suite are nothing to a ledger of the
# other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
unset LANGUAGE WUFEI_LEDGER
failures=0
suites=(ed25519-sha256 sm2-sm3)

# expect STATUS TEXT COMMAND...: the status, and a text that the command must say.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" > "$work/out" 2>&1 < /dev/null || got=$?
    if [ "$got" != "$status" ] || ! grep -qF -- "$text" "$work/out"; then
        echo "FAIL (status $got, expected $status and \"$text\"): $*"
        head -5 "$work/out"
        failures=$((failures + 1))
    fi
}

same() {
    cmp -s "$1" "$2" || { echo "FAIL: $1 and $2 differ"; failures=$((failures + 1)); }
}

wufei-sim --out "$work/city" --size 0.1 --days 14 --seed 7 2> "$work/log" || { cat "$work/log"; exit 1; }
for suite in "${suites[@]}"; do
    at=$work/$suite
    mkdir "$at"
    export WUFEI_LEDGER=$at/ledger
    wufei init --suite "$suite" --origin "test.example/$suite" > "$at/init"
    tail -1 "$at/init" | cut -d, -f4 > "$at/vkey"
    vkey=$(cat "$at/vkey")
    expect 0 "" wufei import -q "$work/city"
    expect 0 "signatures,holds" wufei verify --signatures
    expect 0 "" wufei rebuild --check
    wufei balance --by site > "$at/balance"
    wufei audit > "$at/audit" || true

    wufei checkpoint > "$at/checkpoint"
    expect 0 "origin: test.example/$suite" wufei-verify checkpoint --vkey "$vkey" "$at/checkpoint"
    size=$(sed -n 2p "$at/checkpoint")
    for seq in 0 1 $((size / 2)) $((size - 1)); do
        wufei prove "$seq" -o "$at/$seq.tlog-proof" --entry "$at/$seq.entry" > "$work/out"
        expect 0 "index: $seq" wufei-verify proof --vkey "$vkey" --entry "$at/$seq.entry" \
            "$at/$seq.tlog-proof"
        printf x >> "$at/$seq.entry"
        expect 1 "does not hold" wufei-verify proof --vkey "$vkey" --entry "$at/$seq.entry" \
            "$at/$seq.tlog-proof"
    done
    openssl pkey -in "$WUFEI_LEDGER/operator.pem" -noout -text > "$at/key" 2>&1 || true
done
same "$work/ed25519-sha256/balance" "$work/sm2-sm3/balance"
same "$work/ed25519-sha256/audit" "$work/sm2-sm3/audit"
[ -s "$work/sm2-sm3/balance" ] || { echo "FAIL: no balance"; failures=$((failures + 1)); }
grep -q "SM2" "$work/sm2-sm3/key" || ! command -v openssl > "$work/out" ||
    { echo "FAIL: operator.pem is no SM2 key"; failures=$((failures + 1)); }

# ---- the other suite's vkey and key
expect 1 "does not hold" wufei-verify checkpoint --vkey "$(cat "$work/ed25519-sha256/vkey")" \
    "$work/sm2-sm3/checkpoint"
cp "$work/ed25519-sha256/ledger/operator.pem" "$work/sm2-sm3/ledger/operator.pem"
expect 4 "is not the key that this ledger" \
    wufei -L "$work/sm2-sm3/ledger" import -q "$work/city"
expect 0 "signatures,holds" wufei -L "$work/sm2-sm3/ledger" verify --signatures

# ---- a checkpoint of one ledger is none of the other, nor with its name
cp "$work/ed25519-sha256/ledger/checkpoint" "$work/sm2-sm3/ledger/checkpoint"
expect 3 "checkpoint" wufei -L "$work/sm2-sm3/ledger" verify

expect 2 "allowed: ed25519-sha256, sm2-sm3" wufei init -L "$work/none" --suite sm2-sha256

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
