#!/usr/bin/env bash
# A full disk and a limit on file sizes are the system's failure (4), said as such, and never damage;
# what was entered stays, and the same command goes on when there is room.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
mkdir "$work/more"
{
    echo "batch_id,site_id,time,waste_code,mass_kg,basis"
    for ((i = 0; i < 12000; i++)); do
        echo "B$i,F1,2026-03-01T08:00:00+08:00,336-064-17,$((i % 90 + 1)),weighed"
    done
} > "$work/more/generation.csv"

# ulimit -f counts KiB in bash
status=0
(ulimit -f 300; wufei import "$work/more" > "$work/out" 2> "$work/err") || status=$?
same "$status" 4 "import with ulimit -f 300"
grep -q "ulimit -f" "$work/err" || { cat "$work/err"; same "" "ulimit -f" "the reason"; }
status=0
(ulimit -f 40; wufei rebuild --check > "$work/out" 2> "$work/err") || status=$?
same "$status" 4 "rebuild --check with ulimit -f 40"
grep -q "ulimit -f" "$work/err" || { cat "$work/err"; same "" "ulimit -f" "the reason"; }
expect 0 "" wufei verify --signatures
expect 0 "equal" wufei rebuild --check
expect 0 "" wufei import "$work/more"
rm -r "$work/ledger"
expect 0 "" wufei init --origin test.example/city

if [ "$(id -u)" -ne 0 ] || ! { mkdir "$work/disk" && mount -t tmpfs -o size=16m none "$work/disk"; }; then
    echo "SKIPPED: full disks (they need the right to mount)"
    finish
    exit 77
fi
trap 'umount "$work/disk"; rm -rf "$work"' EXIT
cd "$work"

# leave KIB: fills the disk but for so much.
leave() {
    rm -f disk/filler
    local free
    free=$(df --output=avail -k disk | tail -1)
    head -c $(((free - $1) * 1024)) /dev/zero > disk/filler
}
said_full() {
    if grep -qi "damage\|backup" err || ! grep -qi "no space left" err; then
        echo "FAIL: $1 says:"
        cat err
        failures=$((failures + 1))
    fi
}

# Made, or not there: also when only the receipt found no room.
for kib in 0 4 8 16 40 64 68 72 80 100 120 124 128 132 136 140 200 300; do
    leave "$kib"
    status=0
    wufei -L disk/ledger init --origin test.example/full > out 2> err || status=$?
    if [ "$status" -ne 0 ]; then
        same "$status" 4 "init with $kib KiB"
        said_full "init with $kib KiB"
        if grep -q "it is entered, but there is no receipt" err; then
            expect 0 "chain,holds,1," wufei -L disk/ledger verify
        else
            same "$(ls -A disk)" filler "what init with $kib KiB left"
        fi
    fi
    rm -rf disk/ledger disk/ledger.receipts
done

# A backup is put in place, or the ledger is what it was.
cp -a ledger disk/kept
wufei -L disk/kept backup disk/copy > /dev/null
for kib in 0 4 40 100 140 144 148 152 156 160 164 168 200 300; do
    rm -rf disk/ledger disk/filler
    cp -a disk/kept disk/ledger
    leave "$kib"
    status=0
    wufei -q -L disk/ledger restore disk/copy > out 2> err || status=$?
    if [ "$status" -ne 0 ]; then
        same "$status" 4 "restore with $kib KiB"
        said_full "restore with $kib KiB"
        grep -q "nothing was changed\|there is no receipt" err ||
            same "$(cat err)" "" "restore with $kib KiB"
        [ -e disk/ledger.before-restore-1 ] || same "$(ls -A disk | tr '\n' ' ')" "copy filler kept ledger " \
            "what restore with $kib KiB left"
    fi
    expect 0 "chain,holds" wufei -L disk/ledger verify
    rm -rf disk/ledger.before-restore-1 disk/ledger.receipts
done
rm -rf disk/ledger disk/kept disk/copy

rm -f disk/filler
cp -a ledger disk/ledger
export WUFEI_LEDGER=$work/disk/ledger TMPDIR=$work/disk
expect 0 "" wufei import city
before=$(($(wufei stat | awk -F, '$1 == "entries" { print $2; exit }') - 1))
for kib in 300 1200 2400; do
    leave "$kib"
    expect 4 "import again to go on" wufei import more
    said_full "import with $kib KiB"
    size=$(wufei stat | awk -F, '$1 == "entries" { print $2; exit }')
    last=$(sed -n 's/.*entries up to \([0-9]*\) are in.*/\1/p' err)
    same "${last:-$before}" "$((size - 1))" "the last entry that import names with $kib KiB"
    before=$((size - 1))
    expect 0 "" wufei verify --signatures
done
rm disk/filler
expect 0 "" wufei import more
expect 0 "" wufei verify --signatures
expect 0 "equal" wufei rebuild --check
size=$(wufei stat | awk -F, '$1 == "entries" { print $2; exit }')
for kib in 0 4 16 40 64 72 100 200 400 800; do
    leave "$kib"
    for command in "rebuild --check" rebuild; do
        status=0
        # shellcheck disable=SC2086
        wufei $command > out 2> err || status=$?
        same "$status" 4 "$command with $kib KiB"
        said_full "$command with $kib KiB"
        same "$(ls -A disk disk/ledger | tr '\n' ' ')" \
            "disk: filler ledger ledger.receipts  disk/ledger: FORMAT checkpoint meta operator.pem store " \
            "what $command with $kib KiB left"
    done
done
leave 0
expect 0 "entries,$size" wufei stat
expect 0 "M1" wufei show M1
expect 0 "chain,holds" wufei verify
rm disk/filler
expect 0 "equal" wufei rebuild --check
finish
