# What the crash suite lets programs do; sourced. Each workload NAME has prepare_NAME, which brings
# the root folder $root to where it begins, and act_NAME, the one process that is disturbed. Marks go
# into the trace where one is written (check.h). $city and $more are bundles.

crash_bin=$WUFEI_BUILD/crash
workloads="init import append sm2 archive backup restore rotate witness ask"

# enter LEDGER BUNDLE: the receipt goes elsewhere: what is written through FILE is not recorded
clear_receipt() { rm -f "$work"/receipt.*; }
enter() {
    clear_receipt
    wufei -L "$1" import "$2" --receipt "$work/receipt.tlog-proof" > /dev/null 2>&1
}
mark() { crash-work mark "$*"; }

prepare_init() { mark may ledger init; }
act_init() { exec wufei -L "$root/ledger" init --origin crash.test.example/waste; }

prepare_import() {
    prepare_init
    wufei -L "$root/ledger" init --origin crash.test.example/waste
    crash-work acknowledge ledger "$root/ledger"
}
act_import() {
    clear_receipt
    exec wufei -L "$root/ledger" import "$city" --receipt "$work/receipt.tlog-proof"
}

# the same with the other suite
prepare_sm2() {
    prepare_init
    wufei -L "$root/ledger" init --origin crash.test.example/waste --suite sm2-sm3
    crash-work acknowledge ledger "$root/ledger"
}
act_sm2() { act_import; }

# many small commits onto what is there
prepare_append() {
    prepare_import
    enter "$root/ledger" "$city"
    crash-work acknowledge ledger "$root/ledger"
}
act_append() { exec crash-work import ledger "$root/ledger" "$more" 4; }

# two runs of 256 entries go into the archive
prepare_archive() {
    prepare_append
    write_more "$work/many" 600
    sed -i "s/^B\([0-9]*\),/B\1many,/" "$work/many/generation.csv"
    enter "$root/ledger" "$work/many"
    crash-work acknowledge ledger "$root/ledger"
}
act_archive() { exec wufei -L "$root/ledger" archive --all; }

prepare_backup() {
    prepare_append
    mark may backup copy
}
act_backup() { exec wufei -L "$root/ledger" backup "$root/backup" --with-key; }

# a backup, and then entries that are lost with the ledger that it takes the place of
prepare_restore() {
    prepare_append
    wufei -L "$root/ledger" backup "$root/backup" --with-key > /dev/null
    crash-work acknowledge backup "$root/backup"
    mark may backup copy
    mark replaced ledger "$(wufei -L "$root/ledger" stat | awk -F, '$1 == "entries" { print $2; exit }')"
    enter "$root/ledger" "$more"
}
act_restore() { exec wufei -L "$root/ledger" restore "$root/backup"; }

prepare_rotate() { prepare_append; }
act_rotate() { exec crash-work rotate ledger "$root/ledger"; }

# a witness outside of the root has its key and its requests in $work/requests
prepare_witness() {
    local i ledger=$work/requests/ledger to=$work/requests
    mark witness state "$to"
    [ ! -d "$to" ] || return 0
    mkdir "$to"
    (
        unset LD_PRELOAD
        wufei -L "$ledger" init --origin crash.test.example/waste
        enter "$ledger" "$city"
        wufei witness key --new-key --key "$to/key" --name witness.crash.test/w
        echo "log $(wufei -L "$ledger" stat | sed -n 's/^vkey,//p')" > "$to/logs"
        wufei -L "$ledger" checkpoint > "$to/last"
        { echo "old 0" && echo && cat "$to/last"; } > "$to/request"
        for i in 1 2 3 4 5 6; do
            write_more "$work/for-witness" 5
            sed -i "s/^B\([0-9]*\),/B\1w$i,/" "$work/for-witness/generation.csv"
            enter "$ledger" "$work/for-witness"
            wufei -L "$ledger" checkpoint --since "$to/last" > "$to/request.$i"
            wufei -L "$ledger" checkpoint > "$to/last"
        done
    ) > /dev/null
}
act_witness() { exec crash-work witness state "$root/state" "$work/requests" 6; }

# a witness outside of the root, a process of its own, is asked
prepare_ask() {
    local asking=$work/asking
    prepare_append
    mkdir "$asking"
    echo "log $(wufei -L "$root/ledger" stat | sed -n 's/^vkey,//p')" > "$asking/logs"
    env -u LD_PRELOAD wufei witness serve --state "$asking/state" --key "$asking/key" --new-key \
        --name witness.crash.test/w --logs "$asking/logs" --listen 127.0.0.1:0 \
        > "$asking/line" 2> "$asking/log" &
    echo $! > "$work/witness.pid"
    for _ in $(seq 1 200); do [ -s "$asking/line" ] || sleep 0.05; done
    [ -s "$asking/line" ] || { cat "$asking/log" >&2 && return 1; }
    {
        cat "$asking/logs"
        sed -E 's/^witness ([^ ]*)/witness w1/' "$asking/line"
        echo "quorum w1"
    } > "$asking/policy"
}
act_ask() { exec wufei -L "$root/ledger" witness ask --policy "$work/asking/policy"; }
after_ask() { mark witnessed ledger "$(sed -n 2p "$root/ledger/checkpoint")"; }

# write_more FOLDER: more acts of the city of ../command/bundle.sh
write_more() {
    local i
    mkdir -p "$1"
    {
        echo "batch_id,site_id,time,waste_code,mass_kg,basis"
        for i in $(seq 1 "${2:-40}"); do
            echo "B$i,F1,2026-03-0$((i % 9 + 1))T08:00:00+08:00,336-064-17,$((i % 90 + 1)),weighed"
        done
    } > "$1/generation.csv"
}

# begin_suite: a folder of our own, in memory where there is room for it
begin_suite() {
    . "$WUFEI_SOURCE/tests/command/bundle.sh"
    local place=/tmp
    [ -w /dev/shm ] && place=/dev/shm
    work=$(mktemp -d "$place/wufei-crash-XXXXXX")
    trap end_suite EXIT
    unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
    export LC_ALL=C.UTF-8 TMPDIR=$work PATH=$crash_bin:$PATH
    unset LANGUAGE WUFEI_LEDGER
    city=$work/city more=$work/more
    write_bundle "$city"
    write_more "$more"
    failures=0
}

end_suite() {
    [ ! -s "$work/witness.pid" ] || kill "$(cat "$work/witness.pid")"
    rm -rf "$work"
}

# run WORKLOAD ...: its act, in a process of its own, with the settings given: run init CRASH_KILL=7
run() {
    local name=$1
    shift
    (
        export CRASH_ROOT=$root LD_PRELOAD=$crash_bin/recorder.so "$@"
        ulimit -t 30 # nothing turns in a circle
        "act_$name"
    )
}

# record WORKLOAD: from the beginning to the end into $trace
record() {
    root=$work/$1 trace=$work/$1.trace
    mkdir "$root"
    (
        export CRASH_ROOT=$root CRASH_TRACE=$trace LD_PRELOAD=$crash_bin/recorder.so
        "prepare_$1" && mark begin
    ) > /dev/null
    run "$1" CRASH_TRACE="$trace" > /dev/null
    (
        export CRASH_ROOT=$root CRASH_TRACE=$trace LD_PRELOAD=$crash_bin/recorder.so
        acknowledge_all "$1"
    )
}

# acknowledge_all WORKLOAD: its act has come back
acknowledge_all() {
    local name
    for name in ledger backup; do
        [ ! -d "$root/$name" ] || crash-work acknowledge "$name" "$root/$name"
    done
    case $1 in ask) after_ask ;; esac
}

# base WORKLOAD: prepares it, and keeps what is there for disturb
base() {
    root=$work/$1 trace=$work/$1.trace
    mkdir "$root"
    (
        export CRASH_ROOT=$root CRASH_TRACE=$trace LD_PRELOAD=$crash_bin/recorder.so
        "prepare_$1" && mark begin
    ) > /dev/null
    cp -a "$root" "$root.base"
    cp "$trace" "$trace.base"
}

# disturb WORKLOAD SETTING...: its act from the base, under the settings; its status in $got, its
# words in $work/out and $work/err.
disturb() {
    rm -rf "$root"
    cp -a "$root.base" "$root"
    cp "$trace.base" "$trace"
    got=0
    run "$@" CRASH_TRACE="$trace" > "$work/out" 2> "$work/err" < /dev/null || got=$?
    tried=$((tried + 1))
}

# bad WHAT: one failure, with what was said
bad() {
    echo "FAIL: $*"
    head -c 600 "$work/err"
    failures=$((failures + 1))
}

# whole WHAT: the ledgers of the root are what they were promised to be
whole() {
    crash-explore --whole "$trace" "$root" > "$work/check" 2>&1 ||
        bad "$*: $(cat "$work/check")"
}

# again WORKLOAD WHAT: without the disturbance it comes through
again() {
    local name=$1 status=0
    shift
    # what failed to sync the name of what it had made whole need not be repeated
    case $name in
    init) [ ! -e "$root/ledger" ] || return 0 ;;
    backup) rm -rf "$root/backup" ;;
    # the check has entered something that the witness is not to see: the base is without it
    ask) return 0 ;;
    esac
    run "$name" CRASH_TRACE="$trace" > "$work/out" 2> "$work/err" || status=$?
    [ "$status" -eq 0 ] || bad "$*: the next attempt: exit $status"
    whole "$*, after the next attempt"
}
