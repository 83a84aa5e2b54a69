#!/usr/bin/env bash
# A ledger cut short, with flipped bytes, without its key or its checkpoint, put back to an older
# state, or made by a newer version: each is a clear error with the exit status that says whose fault
# it is (2 wrong use, 3 damaged, 4 the system), and no command ends by a signal.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start

good=$work/ledger
bad=$work/damaged
older=$work/older
cp -a "$good" "$older"
mkdir "$work/more"
cat > "$work/more/manifests.csv" <<'CSV'
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
LATER,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
expect 0 "" wufei import "$work/more"

fresh() {
    rm -rf "$bad"
    cp -a "$good" "$bad"
}
# all STATUS TEXT: reading and writing commands all end so.
all() {
    local command
    for command in verify stat "show M1" "list manifests" "balance" "prove 3" "rebuild --check" \
        "import $work/more"; do
        # shellcheck disable=SC2086
        expect "$1" "$2" wufei -L "$bad" $command
        same "$(cat "$work/out")" "" "standard output of: $command ($2)"
    done
}

# --- the files beside the store
fresh; echo "wufei-ledger 2" > "$bad/FORMAT";  all 2 "newer version"
fresh; echo "something else" > "$bad/FORMAT";  all 3 "FORMAT"
fresh; : > "$bad/FORMAT";                      all 3 "FORMAT"
fresh; head -c 100000 /dev/zero > "$bad/FORMAT"; all 3 "FORMAT"
fresh; rm "$bad/FORMAT";                       all 2 "is not a ledger"
fresh; rm "$bad/checkpoint";                   all 3 "checkpoint is missing"
fresh; : > "$bad/checkpoint";                  all 3 "checkpoint"
fresh; sed -i 2s/./9/ "$bad/checkpoint";       all 3 "checkpoint"
fresh; head -c 100000 /dev/urandom > "$bad/checkpoint"; all 3 "checkpoint"
expect 0 "" wufei -L "$work/other" init --origin test.example/city
fresh; cp "$work/other/checkpoint" "$bad";     all 3 "checkpoint"
fresh; rm -r "$bad/store"; cp -a "$older/store" "$bad"; all 3 "rolled back"
fresh; rm -r "$bad/store"; cp -a "$work/other/store" "$bad"; all 3 ""

# --- the key: without it the ledger is only read
fresh; rm "$bad/operator.pem"
expect 0 "" wufei -L "$bad" verify --signatures
expect 0 "M1" wufei -L "$bad" show M1
expect 4 "operator.pem" wufei -L "$bad" import "$work/more"
fresh; cp "$work/other/operator.pem" "$bad"
expect 4 "is not the key" wufei -L "$bad" import "$work/more"
expect 4 "from its backup" wufei -L "$bad" import "$work/more"
fresh; echo "no key" > "$bad/operator.pem"
expect 0 "" wufei -L "$bad" verify
expect 4 "from its backup" wufei -L "$bad" import "$work/more"

# --- the store cut short
data=store/data.mdb
bytes=$(stat -c %s "$good/$data")
for cut in 0 1 100 4096 8192 12288 $((bytes / 2)) $((bytes - 8192)); do
    fresh; truncate -s "$cut" "$bad/$data"; all 3 "$data"
done
fresh; rm "$bad/$data";     all 3 "$data"
fresh; rm -r "$bad/store";  all 3 "store"
fresh; head -c "$bytes" /dev/zero > "$bad/$data"; all 3 ""
fresh; head -c "$bytes" /dev/urandom > "$bad/$data"; all 3 ""
fresh; dd if=/dev/zero of="$bad/$data" bs=4096 seek=2 count=$((bytes / 8192)) conv=notrunc status=none
all_but_crash() {
    local command got
    for command in verify "rebuild --check" "list manifests" "show M1" "balance" "import $work/more"; do
        got=0
        # shellcheck disable=SC2086
        timeout 60 wufei -L "$bad" $command > "$work/out" 2> "$work/err" || got=$?
        if [ $got -gt 4 ] || { [ $got -gt 0 ] && [ ! -s "$work/err" ]; }; then
            echo "FAIL: $1: wufei $command: exit $got: $(head -c 300 "$work/err")"
            failures=$((failures + 1))
        fi
    done
}
all_but_crash "half of the pages are zeros"

# --- flipped bytes
# flip OFFSET XOR
flip() {
    local byte
    byte=$(od -An -tu1 -j "$1" -N 1 "$bad/$data")
    printf "$(printf '\\%03o' $((byte ^ $2)))" |
        dd of="$bad/$data" bs=1 seek="$1" conv=notrunc status=none
}
# In every place where a text of an entry stands: the log notices, and names the entry.
named=0
places=$(grep -abo "Red Star Plating" "$good/$data" | cut -d: -f1)
for place in $places; do
    fresh; flip $((place + 4)) 32
    got=0
    { wufei -L "$bad" verify && wufei -L "$bad" rebuild --check; } > "$work/out" 2> "$work/err" || got=$?
    [ $got = 0 ] || [ $got = 3 ] || { echo "FAIL: a flipped byte at $place: exit $got"; failures=$((failures + 1)); }
    if [ $got = 3 ] && grep -q "entry 1\b" "$work/err"; then
        named=$((named + 1))
        expect 3 "entry 1" wufei -L "$bad" prove 1
    fi
done
[ "$named" -ge 1 ] || { echo "FAIL: no flipped byte of an entry was found"; failures=$((failures + 1)); }
# Anywhere. (LMDB trusts its pages: a few of these would end a reader without a guard.)
RANDOM=${WUFEI_TEST_SEED:-7}
for ((i = 0; i < 30; i++)); do
    place=$(((RANDOM * 32768 + RANDOM) % bytes))
    [ $((i % 2)) = 0 ] || place=$((place / 4096 * 4096 + RANDOM % 32)) # a page's header
    bit=$((1 << RANDOM % 8))
    fresh; flip $place $bit
    all_but_crash "bit $bit at $place flipped"
done
finish
