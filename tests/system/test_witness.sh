#!/usr/bin/env bash
# Three witnesses on the loopback, quorum two: a checkpoint is cosigned, published with its quorum and
# verified by others; a witness that is stopped, silent or killed; a fork of the ledger is found out, and
# the evidence convinces a program that knows nothing of us.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
ledger=$work/ledger
declare -A pids
trap 'kill "${pids[@]}" 2> /dev/null; wait; rm -rf "$work"' EXIT

# Batches that one ledger takes and another does not: $2 batches of generation named after $1.
more() {
    rm -rf "$work/more"
    mkdir "$work/more"
    {
        echo "batch_id,site_id,time,waste_code,mass_kg,basis"
        for ((i = 0; i < $2; i++)); do
            echo "$1$i,F1,2026-03-05T08:00:00+08:00,336-064-17,1,weighed"
        done
    } > "$work/more/generation.csv"
}
# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
    local left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "FAIL: waited in vain for: $*"; cat "$work"/*.log; exit 1; }
        sleep 0.05
    done
}
run_witness() {
    local new= prefix=
    [ "$1" != w3 ] || prefix="--prefix /of/w3"
    [ -e "$work/$1.pem" ] || new=--new-key
    rm -f "$work/$1.line"
    # shellcheck disable=SC2086
    wufei witness serve --state "$work/$1" --key "$work/$1.pem" --name "$1.example/w" $new \
        --logs "$work/logs" --listen 127.0.0.1:0 $prefix > "$work/$1.line" 2>> "$work/$1.log" &
    pids[$1]=$!
    wait_for 20 test -s "$work/$1.line"
}
stop_witness() { # NAME SIGNAL STATUS
    local got=0
    kill "-$2" "${pids[$1]}"
    wait "${pids[$1]}" 2> /dev/null || got=$?
    unset "pids[$1]"
    same "$got" "$3" "exit status of a witness after SIG$2"
}
write_policy() { # LEDGER
    {
        echo "log $vkey"
        sed -E 's/^witness ([a-z0-9]+)[^ ]*/witness \1/' "$work"/w?.line
        echo "group all-of-them 2 w1 w2 w3"
        echo "quorum all-of-them"
    } > "$1/policy"
}
result() { cell "$work/out" witness "$1" result; }
get() { # NAME: the checkpoint that a monitor gets; no curl is needed
    local port
    port=$(grep -oE '[0-9]+$' "$work/$1.line")
    exec 8<> "/dev/tcp/127.0.0.1/$port"
    printf 'GET /%s/checkpoint HTTP/1.0\r\n\r\n' "$id" >&8
    sed '1,/^\r$/d' <&8
    exec 8>&-
}

vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
id=$(printf 'test.example/city' | sha256sum | cut -d' ' -f1)
echo "log $vkey" > "$work/logs"
expect 1 "no witnessed checkpoint" wufei checkpoint --witnessed
expect 2 "there is no such file" wufei witness ask
for w in w1 w2 w3; do run_witness $w; done
write_policy "$ledger"

# all of them
expect 0 "" wufei witness ask
for w in w1 w2 w3; do same "$(result $w)" cosigned "result of $w"; done
expect 0 "quorum: all-of-them" wufei-verify checkpoint --policy "$ledger/policy" "$ledger/witnessed"
same "$(grep -c '^— w[123]' "$ledger/witnessed")" 3 "cosignatures of three"
same "$(wufei checkpoint --witnessed)" "$(cat "$ledger/witnessed")" "checkpoint --witnessed"
same "$(get w2 | head -4)" "$(head -4 "$ledger/witnessed")" "what a monitor gets"
size=$(sed -n 2p "$ledger/witnessed")
expect 0 "witnessed_size,$size" wufei stat --format csv

# two of them, one is gone: enough
cp -a "$ledger" "$work/fork"
stop_witness w3 TERM 0
more a 5
expect 0 "" wufei import "$work/more"
expect 0 "no answer" wufei witness ask
same "$(result w1) $(result w2) $(result w3)" "cosigned cosigned not cosigned" "results without w3"
expect 0 "quorum: all-of-them" wufei-verify checkpoint --policy "$ledger/policy" "$ledger/witnessed"
cp "$ledger/witnessed" "$work/before"

# one of them: not published, and says so; the last one stays
stop_witness w2 INT 0
more b 3
expect 0 "" wufei import "$work/more"
expect 1 "below the quorum and not published as witnessed" wufei witness ask
grep -q "w3: no answer" "$work/err" || same "$(cat "$work/err")" "w3: no answer ..." "who failed and why"
grep -q "w2" "$work/err" || same "$(cat "$work/err")" "w2" "who is missing"
same "$(cmp "$ledger/witnessed" "$work/before" && echo same)" same "what was witnessed before"
expect 1 "does not hold" wufei-verify checkpoint --policy "$ledger/policy" "$ledger/checkpoint"

# a witness that is killed remembers what it answered; it tells so who forgot to keep it
stop_witness w1 KILL 137
run_witness w1
run_witness w2
write_policy "$ledger"
size=$(sed -n 2p "$ledger/checkpoint")
same "$(get w1 | sed -n 2p)" "$size" "what w1 remembers after kill -9"
rm "$ledger"/witnesses/*
expect 0 "" wufei witness ask
same "$(result w1) $(result w2)" "cosigned cosigned" "results after the kill"
grep -q ' 409 .*0 to '"$size" "$work/w1.log" || same "" 409 "the size asked for by who forgot it"

# one that takes the connection and says nothing does not hold up the others
run_witness w3
write_policy "$ledger"
expect 0 "" wufei witness ask
more c 2
expect 0 "" wufei import "$work/more"
kill -STOP "${pids[w3]}"
began=$SECONDS
expect 0 "no answer" wufei witness ask --timeout 2
[ $((SECONDS - began)) -lt 12 ] || same $((SECONDS - began)) "under 12" "seconds with a silent witness"
same "$(result w1) $(result w2) $(result w3)" "cosigned cosigned not cosigned" "results with a silent w3"
kill -CONT "${pids[w3]}"

# more connections than it has descriptors, all at once: it rests for a moment, sends the oldest away
# and answers while the others stay
stop_witness w2 TERM 0
ulimit -S -n 24
run_witness w2
ulimit -S -n 256
port=$(grep -oE '[0-9]+$' "$work/w2.line")
held=()
kill -STOP "${pids[w2]}"
for ((i = 0; i < 40; i++)); do
    exec {fd}<> "/dev/tcp/127.0.0.1/$port"
    held+=("$fd")
done
kill -CONT "${pids[w2]}"
wait_for 20 grep -q "a connection cannot be taken" "$work/w2.log"
write_policy "$ledger"
expect 0 "" wufei witness ask
same "$(result w2)" cosigned "w2, with more connections than it can take"
for fd in "${held[@]}"; do exec {fd}>&-; done
[ "$(wc -l < "$work/w2.log")" -lt 60 ] || same "$(wc -l < "$work/w2.log")" "under 60" "lines of its log"

# the fork: of the same size, smaller, larger
write_policy "$work/fork"
size=$(sed -n 2p "$ledger/checkpoint")
fork_size=$(sed -n 2p "$work/fork/checkpoint")
cp "$work/fork/witnessed" "$work/before"
more x 2
expect 0 "" wufei -L "$work/fork" import "$work/more"
expect 1 "an older state of that ledger, or a copy" wufei -L "$work/fork" witness ask
same "$(find "$work/w1/evidence" -mindepth 1 -maxdepth 1 | wc -l)" 0 "evidence of a size that proves nothing"
more y $((size - $(sed -n 2p "$work/fork/checkpoint") - 1))
expect 0 "" wufei -L "$work/fork" import "$work/more"
same "$(sed -n 2p "$work/fork/checkpoint")" "$size" "size of the fork"
expect 1 "two histories of this ledger" wufei -L "$work/fork" witness ask
same "$(cmp "$work/fork/witnessed" "$work/before" && echo same)" same "the fork's last witnessed checkpoint"
for w in w1 w2; do
    case=$(echo "$work/$w"/evidence/*-fork-"$size-$size"-*)
    [ -d "$case" ] || same "$case" "a folder" "evidence of $w"
    expect 1 "the log signed two roots for one size" \
        wufei-verify extends --vkey "$(cat "$case/vkey")" "$case/old" "$case/new" "$case/proof"
    same "$(cmp "$case/new" "$work/fork/checkpoint" && echo same)" same "the fork's note in the evidence"
    grep -q "EVIDENCE kept in" "$work/$w.log" || same "" "EVIDENCE" "log line of $w"
done
more z 4
expect 0 "" wufei -L "$work/fork" import "$work/more"
expect 1 "two histories of this ledger" wufei -L "$work/fork" witness ask
case=$(echo "$work/w1"/evidence/*-fork-"$size"-*)
case=${case##* } # the later of the two, which the fork's own proof convicts
expect 1 "the log misbehaved" wufei-verify extends --vkey "$vkey" "$case/old" "$case/new" "$case/proof"
expect 0 "" wufei witness ask
same "$(result w1) $(result w2) $(result w3)" "cosigned cosigned cosigned" "the ledger itself, after the fork"

# whoever puts the store back to an older state is told by what the witnesses cosigned
cp "$ledger"/witnesses/* "$work/fork/witnesses/"
more f 3
expect 3 "what witness w1 cosigned" wufei -L "$work/fork" witness ask

# a key under a passphrase, which the verifier key does not need
echo "a long passphrase" > "$work/passphrase"
expect 2 "belongs to --new-key" wufei witness key --encrypt --key "$work/e.pem" --name e
expect 0 "witness e e+" env WUFEI_KEY_PASSPHRASE_FILE="$work/passphrase" \
    wufei witness key --new-key --encrypt --key "$work/e.pem" --name e
grep -q ENCRYPTED "$work/e.pem" || same "" "ENCRYPTED" "the private key"
expect 0 "$(cat "$work/out")" wufei witness key --key "$work/e.pem" --name e < /dev/null
WUFEI_KEY_PASSPHRASE_FILE=$work/passphrase run_witness e
same "$(sed 's/ http.*//' "$work/e.line")" "$(wufei witness key --key "$work/e.pem" --name e.example/w)" \
    "what a witness with an encrypted key says"
stop_witness e TERM 0
expect 1 "" wufei witness serve --state "$work/e" --key "$work/e.pem" --name e.example/w \
    --logs "$work/logs" --listen 127.0.0.1:0 < /dev/null

# keys: a witness of its own log is none
if [ "${WUFEI_TEST_SUITE-}" = sm2-sm3 ]; then
    expect 1 "is no Ed25519 key" wufei witness serve --state "$work/own" \
        --key "$ledger/operator.pem" --name own --logs "$work/logs" --listen 127.0.0.1:0
    expect 1 "is no Ed25519 key" wufei witness key \
        --key "$ledger/operator.pem" --name own
else
    expect 2 "needs a key of its own" wufei witness serve --state "$work/own" --key "$ledger/operator.pem" \
        --name own --logs "$work/logs" --listen 127.0.0.1:0
    own=$(wufei witness key --key "$ledger/operator.pem" --name own)
    printf 'log %s\n%s http://127.0.0.1:1\nquorum own\n' "$vkey" "$own" > "$work/policy"
    expect 2 "cannot be its witness" wufei witness ask --policy "$work/policy"
fi
expect 2 "not a policy for this ledger" wufei witness ask --policy <(sed "s/^log .*/log $(
    wufei init "$work/other" --origin other.example --format csv | tail -1 | cut -d, -f4 | sed 's/[\/&]/\\&/g'
)/" "$ledger/policy")
expect 2 "is not an address to listen on" wufei witness serve --state "$work/w1" --key "$work/w1.pem" \
    --name w1.example/w --logs "$work/logs" --listen 8099
finish
