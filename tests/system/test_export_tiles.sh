#!/usr/bin/env bash
# export --tiles: what it writes is a whole log to wufei-verify, also while it is being written, after
# it was killed, and brought up to date again and again; what it does not belong to is refused; a
# byte that changes is found.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
cd "$work"
vkey=$(wufei stat --format csv | sed -n 's/^vkey,//p')
size() { sed -n 2p ledger/checkpoint; }
verify() { wufei-verify tiles --vkey "$vkey" "$@"; }
rows=0
grow() { # COUNT: so many manifests more
    mkdir -p more
    {
        echo "manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg"
        seq -f "X%.0f,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100" $((rows + 1)) $((rows + $1))
    } > more/manifests.csv
    rows=$((rows + $1))
    wufei -q import more > /dev/null
}

# --- whole, and byte for byte what the ledger holds
expect 0 "log,$(size),$(size)," wufei export --tiles log
expect 0 "holds: $(size) entries" verify log
cmp log/checkpoint ledger/checkpoint
eval "$(sed -n 's/^check it with: //p' <(wufei export --tiles log 2>&1))" > out
same "$(head -1 out)" "holds: $(size) entries, their tiles and 1 checkpoints" "the check that export names"
wufei prove 3 -o 3.tlog-proof > /dev/null
python3 - <<'PYTHON'
import glob
data = open(glob.glob('log/tile/entries/000.p/*')[0], 'rb').read()
for seq in range(4):
    size = int.from_bytes(data[:2], 'big')
    entry, data = data[2:2 + size], data[2 + size:]
assert entry == open('3.entry', 'rb').read()
PYTHON

# --- up to date: nothing new writes nothing; partial tiles go when the full one is there
expect 0 "log,$(size),0,0,0" wufei export --tiles log
grow 30
expect 0 "log,$(size),31,2," wufei export --tiles log
expect 0 "holds" verify log
same "$(ls log/tile/0/000.p | wc -l)" 2 "partial tiles of two sizes"
grow 300
expect 0 "" wufei export --tiles log
expect 0 "holds: $(size) entries" verify log
same "$(ls -d log/tile/0/000.p log/tile/entries/000.p 2> /dev/null | wc -l)" 0 "superseded partial tiles"
same "$(stat -c %s log/tile/0/000 log/tile/1/000.p/1 | tr '\n' ' ')" "8192 32 " "bytes of tiles"
# what an export left that a power cut ended: no checkpoint named it, and nothing says it is whole
at=$(printf %03d $(($(size) / 256)))
mkdir -p "log/tile/entries/$at.p" "log/tile/0/$at.p"
echo torn > "log/tile/entries/$at.p/$(($(size) % 256 + 1))"
echo torn > "log/tile/0/$at.p/$(($(size) % 256 + 2))"
echo torn > "log/tile/0/$at.p/.tmp"
grow 5
expect 0 "" wufei export --tiles log
expect 0 "holds: $(size) entries" verify log
same "$(grep -rlx torn log/tile | wc -l)" 0 "torn tiles that are left"
cp log/checkpoint kept
# the same as at once
wufei -q export --tiles once > /dev/null
expect 0 "" diff -r -x '*.p' log once
expect 0 "holds: $(size) entries" verify once

# --- a reader while it grows: every reading holds
(
    until [ -e stop ]; do
        verify --since kept log > reader.out 2> reader.err || { cat reader.err; exit 1; }
        echo read
    done
) > reads &
reader=$!
for count in 1 7 90 150 3 300 40; do
    grow $count
    wufei -q export --tiles log > /dev/null
done
touch stop
wait $reader || { echo "FAIL: a reader saw: $(cat reads)"; failures=$((failures + 1)); }
echo "read $(grep -c read reads) times while it grew"
expect 0 "holds: $(size) entries" verify --since kept log
grow 1
expect 1 "rolled back" verify --since ledger/checkpoint log
sed 1,/^$/d out | sed 1,/^$/d | cmp - log/checkpoint

# --- killed anywhere: what was there holds, and the next one goes on
killed=0
for delay in 002 004 006 008 010 015 020 030 040 060; do
    grow 130
    timeout -s KILL 0.$delay wufei -q export --tiles log > /dev/null 2>&1 || killed=$((killed + 1))
    expect 0 "holds: $(sed -n 2p log/checkpoint) entries" verify log
    if [ "$delay" != 030 ]; then # this one is left to the next kill
        wufei -q export --tiles log > /dev/null
        expect 0 "holds: $(size) entries" verify log
    fi
done
rm -rf fresh
for delay in 002 005 010 020 040; do
    timeout -s KILL 0.$delay wufei -q export --tiles fresh > /dev/null 2>&1 || killed=$((killed + 1))
    [ ! -e fresh/checkpoint ] || expect 0 "holds" verify fresh
done
echo "killed $killed times"
[ "$killed" -gt 0 ] || { echo "FAIL: nothing was killed"; failures=$((failures + 1)); }
expect 0 "fresh,$(size)," wufei export --tiles fresh
expect 0 "holds: $(size) entries" verify fresh
same "$(find log fresh -name '.tmp' -o -name '*~' | wc -l)" 0 "temporary files"
# a file that an interrupted export left torn is written again
rm fresh/checkpoint && echo torn > fresh/tile/0/000 && rm -r fresh/tile/1
expect 0 "fresh,$(size)," wufei export --tiles fresh
expect 0 "" diff -r -x '*.p' log fresh

# --- flips are found: one in each file
checked=0
for file in $(find fresh -type f); do
    cp "$file" whole
    at=$(($(stat -c %s "$file") * 5 / 9))
    old=$(od -An -tu1 -j "$at" -N 1 "$file")
    # shellcheck disable=SC2059
    printf "\\x$(printf %x $((old ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
    verify fresh > /dev/null 2>&1 && { echo "FAIL: a flip in $file"; failures=$((failures + 1)); }
    cp whole "$file"
    checked=$((checked + 1))
done
echo "$checked files flipped"
expect 0 "holds" verify fresh

# --- what is missing or has another size is written again by the next export; what was altered and
# has its size, by --check
full=$(($(size) / 256))
[ "$full" -gt 4 ] || same "$full" "more than 4" "full tiles"
mend() { # COUNT TEXT [OPTIONS]: how many were written again
    local count=$1 text=$2
    shift 2
    expect 0 "$text" wufei export --tiles fresh "$@"
    same "$(cell out folder fresh mended)" "$count" "files mended: $text"
    expect 0 "holds: $(size) entries" verify fresh
    expect 0 "" diff -r -x '*.p' log fresh
}
damage() {
    rm fresh/tile/0/001 fresh/tile/entries/002
    truncate -s 1000 fresh/tile/0/000
    echo more >> fresh/tile/entries/000
    rm -r fresh/tile/1
}
mend 0 ""
damage
mend 5 "note: 5 files of fresh were not as they were left"
# the sizes of bundles stand elsewhere when their runs are archived
expect 0 "" wufei archive --all
mend 0 ""
damage
mend 5 "note: 5 files"
# (the partial ones of the last size are always compared)
partial=$(find fresh/tile/0/*.p -name $(($(size) % 256)))
flip() { printf 'X' | dd of="$1" bs=1 seek=77 conv=notrunc status=none; }
flip "$partial"
mend 1 "note: 1 files"
flip fresh/tile/0/003
flip fresh/tile/entries/001
mend_none() { expect 0 "" wufei export --tiles fresh && same "$(cell out folder fresh mended)" 0 "mended"; }
mend_none
expect 1 "" verify fresh
mend 2 "note: 2 files" --check
mend 0 "" --check
expect 0 "wufei-verify tiles" wufei export --help
# and while it grows
rm fresh/tile/entries/"$(printf %03d $((full - 1)))" fresh/tile/entries/000
grow 10
expect 0 "" wufei export --tiles fresh
same "$(cell out folder fresh mended)" 2 "files mended while it grew"
expect 0 "holds: $(size) entries" verify fresh
wufei -q export --tiles log > /dev/null

# --- what it does not belong to
expect 2 "export what" wufei export
expect 2 "not in this version" wufei export --csv tables
expect 2 "is inside the ledger" wufei export --tiles ledger
expect 2 "is inside the ledger" wufei export --tiles ledger/log
expect 2 "is not a folder" wufei export --tiles kept
expect 2 'is no export and not empty: it has "' wufei export --tiles city
expect 4 "cannot write no/such" wufei export --tiles no/such
expect 0 "" wufei -L other init --origin test.example/other
expect 2 'log/checkpoint: it is of the ledger "test.example/city", and this one is' \
    wufei -L other export --tiles log
expect 0 "" cmp fresh/checkpoint ledger/checkpoint
# a log that was cut, or written anew behind what was exported
cp -a ledger older
grow 10
expect 0 "" wufei export --tiles log
cp log/checkpoint exported
expect 1 "entries were cut off" wufei -L older export --tiles log
same "$(head -c "$(stat -c %s exported)" err)" "$(cat exported)" "the evidence"
WUFEI_LEDGER=older wufei -q import city > /dev/null
sed -i 's/,X/,Y/; s/^X/Y/' more/manifests.csv
expect 0 "" wufei -q -L older import more --receipt y.tlog-proof
sed -i 's/^Y/Z/' more/manifests.csv
expect 0 "" wufei -q -L older import more --receipt z.tlog-proof
expect 1 "rewritten, or the ledger was forked" wufei -L older export --tiles log
cmp log/checkpoint exported
expect 0 "holds" verify log
finish
