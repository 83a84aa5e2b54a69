#!/usr/bin/env bash
# What runs short: the clock, places for readers, descriptors, memory; and what stands in each
# other's way: two writers, a reader that stays. limits.sh
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "" "" "$@"
root=$work/limits
mkdir "$root"
export WUFEI_LEDGER=$root/ledger
prepare_append > "$work/out"
whole_now() {
    expect 0 "chain,holds" wufei verify --signatures
    expect 0 "equal" wufei rebuild --check
}
entries() { wufei stat | awk -F, '$1 == "entries" { print $2; exit }'; }

# --- a clock that goes backwards: entries keep the order of their numbers and their times do not fall
for settings in CRASH_CLOCK=-100000000 CRASH_CLOCK_STEP=5000 "CRASH_CLOCK=100000000"; do
    write_more "$work/earlier" 60
    sed -i "s/^B\([0-9]*\),/B\1$settings,/" "$work/earlier/generation.csv"
    before=$(entries)
    expect 0 "" env LD_PRELOAD="$crash_bin/clock.so" $settings wufei import "$work/earlier"
    [ "$(entries)" -gt "$before" ] || same "$(entries)" "more than $before" "entries with $settings"
    whole_now
done

# --- two writers at once: one waits outside and says so, or comes after; nothing is lost
for turn in 1 2 3; do
    pids=()
    for writer in a b c d; do
        write_more "$work/by-$writer" 30
        sed -i "s/^B\([0-9]*\),/B\1$writer$turn,/" "$work/by-$writer/generation.csv"
        (wufei import "$work/by-$writer" > "$work/out.$writer" 2> "$work/err.$writer" ||
            echo $? > "$work/status.$writer") &
        pids+=($!)
    done
    wait "${pids[@]}"
    for writer in a b c d; do
        if [ -e "$work/status.$writer" ]; then
            same "$(cat "$work/status.$writer")" 4 "a second writer's status"
            grep -q "writ" "$work/err.$writer" || same "$(cat "$work/err.$writer")" "" "its reason"
            rm "$work/status.$writer"
            expect 0 "" wufei import "$work/by-$writer"
        fi
    done
done
same "$(wufei list parties > "$work/parties"; wc -l < "$work/parties")" 5 "parties"
whole_now

# --- readers. hold COUNT: so many, of this moment; let_go ends them, kill_readers leaves them stale
hold() {
    coproc readers { exec crash-work hold "$WUFEI_LEDGER" "$1" 2> "$work/held.err"; }
    reader_pid=$readers_PID
    read -r held <&"${readers[0]}" || held="$(cat "$work/held.err")"
}
let_go() {
    local end=${readers[1]}
    exec {end}>&-
    wait "$reader_pid" 2> /dev/null || true
}
kill_readers() {
    kill -9 "$reader_pid"
    wait "$reader_pid" 2> /dev/null || true
}
store_kib() { echo $(($(stat -c %s "$WUFEI_LEDGER/store/data.mdb") / 1024)); }
# grow ROUNDS NAME: so many small commits; by how many KiB the store grew in $grown
grow() {
    local before
    before=$(store_kib)
    for ((round = 0; round < $1; round++)); do
        write_more "$work/grow" 3
        sed -i "s/^B\([0-9]*\),/B\1$2-$round,/" "$work/grow/generation.csv"
        wufei import "$work/grow" > /dev/null
    done
    grown=$(($(store_kib) - before))
}
grow 40 alone
alone=$grown
hold 1
same "$held" "holding 1" "a reader that stays"
grow 40 beside
beside=$grown
kill_readers
grow 40 after
echo "limits: 40 commits make the store grow by $alone KiB; beside a reader that stays by $beside KiB;" \
    "when it was killed by $grown KiB"
[ "$beside" -gt $((alone * 2)) ] || same "$beside" "over twice $alone" "growth beside a reader"
[ "$grown" -le $((beside / 2)) ] || same "$grown" "under half of $beside" "growth after the reader was killed"
whole_now

hold 5000
case $held in "holding "*readers*) ;; *) same "$held" "holding ..., then: ... readers" "5 000 readers" ;; esac
expect 4 "readers" wufei stat
expect 4 "readers" wufei import "$more"
let_go
expect 0 "" wufei import "$more"
whole_now

# --- few descriptors, little memory: the system's failure (4) and said so, or it is enough
# few WHAT LIMIT COMMAND...: its status must be 0 or 4
few() {
    local what=$1 limit=$2
    shift 2
    got=0
    # shellcheck disable=SC2086
    (ulimit $limit; exec "$@") > "$work/out" 2> "$work/err" < /dev/null || got=$?
    [ "$got" -eq 0 ] || [ "$got" -eq 4 ] || bad "$what: exit $got"
    [ "$got" -eq 0 ] || [ -s "$work/err" ] || bad "$what: nothing is said"
    [ "$got" -ne 0 ] || enough=$((enough + 1))
    ran=$((ran + 1))
}
enough=0 ran=0
for command in "import $work/again" "verify --signatures" "show M1" "rebuild --check" "balance"; do
    for ((n = 4; n <= 24; n++)); do
        # the program and its libraries begin at all
        (ulimit -n "$n"; wufei --version) > /dev/null 2>&1 || continue
        # another one each time, so that there is something to do
        write_more "$work/again" 5
        sed -i "s/^B\([0-9]*\),/B\1few$n,/" "$work/again/generation.csv"
        # shellcheck disable=SC2086
        few "$command with $n descriptors" "-n $n" wufei $command
    done
    for ((kib = 20000; kib < 400000; kib += kib / 4)); do
        (ulimit -v "$kib"; wufei --version) > /dev/null 2>&1 || continue
        write_more "$work/again" 5
        sed -i "s/^B\([0-9]*\),/B\1little$kib,/" "$work/again/generation.csv"
        # shellcheck disable=SC2086
        few "$command with $kib KiB" "-v $kib" wufei $command
    done
done
[ "$enough" -gt 0 ] && [ "$enough" -lt "$ran" ] || same "$enough of $ran" "some" "runs that had enough"
echo "limits: $ran runs with few descriptors or little memory, $enough had enough"
whole_now
finish
