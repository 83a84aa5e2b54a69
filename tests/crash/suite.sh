# How the crash suite runs its workloads (workloads.sh): recorded, killed, with failing calls or
# allocations, and looked at afterwards. Sourced by each script of this folder.
#
# A script begins with
#
#     begin_suite "first second" "a b c" "$@"
#
# which takes its arguments: the first ones, all of them needed, into variables of these names, the
# rest into the array `chosen`; when there is no rest, that is a, b and c. The script's first lines
# are its help.

WUFEI_SOURCE=${WUFEI_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
crash_bin=${WUFEI_BUILD:-$WUFEI_SOURCE/build/debug}/crash
. "$WUFEI_SOURCE/tests/crash/workloads.sh"
. "$WUFEI_SOURCE/tests/command/bundle.sh"

begin_suite() {
    local name place=/tmp needed=$1 usual=$2
    shift 2
    for name in $needed; do
        [ $# -gt 0 ] || { sed -n '2,/^set /{/^#/p}' "$0" >&2; exit 2; }
        printf -v "$name" %s "$1"
        shift
    done
    chosen=("$@")
    # shellcheck disable=SC2206
    [ $# -gt 0 ] || chosen=($usual)
    # in memory, where there is room for it
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
    [ ! -s "$work/preparing" ] || cat "$work/preparing" >&2
    [ ! -s "$work/witness.pid" ] || kill "$(cat "$work/witness.pid")"
    [ -e "$work/keep" ] || rm -rf "$work"
}

# --- workloads

# prepare WORKLOAD: up to where its act begins; the trace of it in $trace. What is said is shown when
# it fails.
prepare() {
    root=$work/$1 trace=$work/$1.trace
    mkdir "$root"
    (
        export CRASH_ROOT=$root CRASH_TRACE=$trace LD_PRELOAD=$crash_bin/recorder.so
        "prepare_$1"
        mark begin
    ) > "$work/preparing" 2>&1
    rm "$work/preparing"
}

# run WORKLOAD SETTING...: its act, in a process of its own: run init CRASH_KILL=7
run() {
    local name=$1
    shift
    (
        export CRASH_ROOT=$root LD_PRELOAD=$crash_bin/recorder.so "$@"
        ulimit -t 30 # nothing turns in a circle
        "act_$name"
    )
}

# acknowledge WORKLOAD: its act has come back
acknowledge() {
    local proof
    [ ! -d "$root/ledger" ] || made
    for proof in "$root"/ledger.receipts/*.tlog-proof; do
        [ ! -e "$proof" ] || mark receipt ledger "$(basename "$proof" .tlog-proof)"
    done
    ! declare -F "after_$1" > /dev/null || "after_$1"
}

# record WORKLOAD: from the beginning to the end into $trace
record() {
    prepare "$1"
    run "$1" CRASH_TRACE="$trace" > "$work/preparing" 2>&1
    rm "$work/preparing"
    (
        export CRASH_ROOT=$root CRASH_TRACE=$trace LD_PRELOAD=$crash_bin/recorder.so
        acknowledge "$1"
    )
}

# --- disturbed again and again

# base WORKLOAD: prepares it, and keeps what is there for disturb
base() {
    prepare "$1"
    cp -a "$root" "$root.base"
    cp "$trace" "$trace.base"
    tried=0
}

# disturb WORKLOAD SETTING...: its act from the base, under the settings; its status in $got, its
# words in $work/out and $work/err, how often in $tried
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
    init | guard) [ ! -e "$root/ledger" ] || return 0 ;;
    backup) rm -rf "$root/backup" ;;
    # a key is followed once, the check has seen to it that it was
    party | revoke) [ "$(keys_in "$root")" = "$(keys_in "$root.base")" ] || return 0 ;;
    # the check has entered something that the witness is not to see: the base is without it
    ask) return 0 ;;
    esac
    run "$name" CRASH_TRACE="$trace" > "$work/out" 2> "$work/err" || status=$?
    [ "$status" -eq 0 ] || bad "$*: the next attempt: exit $status"
    whole "$*, after the next attempt"
}

# keys_in ROOT: how often each state of keys is in the ledger, but for the key that a check enters
keys_in() { wufei -L "$1/ledger" key show | grep -v crash.test | cut -d, -f1-3; }
