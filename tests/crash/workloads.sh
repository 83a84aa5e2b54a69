# What the crash suite lets programs do; sourced. Each workload NAME has prepare_NAME, which brings
# the root folder $root to where it begins, and act_NAME, the one process that is disturbed. Marks go
# into the trace where one is written (check.h). $city and $more are bundles.

crash_bin=$WUFEI_BUILD/crash
workloads="init import append sm2"

mark() { crash-work mark "$*"; }

prepare_init() { mark may ledger init; }
act_init() { exec wufei -L "$root/ledger" init --origin crash.test.example/waste; }

prepare_import() {
    prepare_init
    wufei -L "$root/ledger" init --origin crash.test.example/waste
    crash-work acknowledge ledger "$root/ledger"
}
act_import() { exec wufei -L "$root/ledger" import "$city"; }

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
    wufei -L "$root/ledger" import "$city" > /dev/null
    crash-work acknowledge ledger "$root/ledger"
}
act_append() { exec crash-work import ledger "$root/ledger" "$more" 4; }

# write_more FOLDER: more acts of the city of ../command/bundle.sh
write_more() {
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
    trap 'rm -rf "$work"' EXIT
    export LC_ALL=C.UTF-8 TMPDIR=$work PATH=$crash_bin:$PATH
    unset LANGUAGE WUFEI_LEDGER
    city=$work/city more=$work/more
    write_bundle "$city"
    write_more "$more"
    failures=0
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
        crash-work acknowledge ledger "$root/ledger"
    )
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
    # an init that failed to sync what it had made whole need not be repeated
    [ "$name" != init ] || [ ! -e "$root/ledger" ] || return 0
    run "$name" CRASH_TRACE="$trace" > "$work/out" 2> "$work/err" || status=$?
    [ "$status" -eq 0 ] || bad "$*: the next attempt: exit $status"
    whole "$*, after the next attempt"
}
