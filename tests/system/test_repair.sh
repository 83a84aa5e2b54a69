#!/usr/bin/env bash
# scrub names every damage, repair puts right what can be known for sure and changes nothing else.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
mkdir "$work/more"
{
    head -1 "$work/city/generation.csv"
    for i in $(seq 1 700); do
        printf 'MORE%04dX,F1,2026-03-03T08:00:00+08:00,336-064-17,%d,weighed\n' "$i" "$i"
    done
} > "$work/more/generation.csv"
expect 0 "" wufei import "$work/more"
expect 0 "" wufei backup "$work/backup"
whole=$work/ledger
root=$(wufei verify | awk -F, '$1 == "tree" { print $6 }')
expect 0 "book,whole" wufei scrub
expect 0 "tiles,whole,4,tiles,$root" wufei scrub
same "$(wufei scrub | awk -F, '$1 == "entries" { print $3 }')" \
    "$(wufei verify | awk -F, '$1 == "chain" { print $3 }')" "entries that a scrub looks at"
expect 0 "" wufei repair
same "$(wufei repair | wc -l)" 1 "what a repair of a whole ledger tells"
same "$(find "$whole" -name '*before-repair*')" "" "what a repair of a whole ledger leaves"

# bytes NAME OFFSET HEX: a copy of the ledger with other bytes in its store
fresh() { rm -rf "$work/bad"; cp -a "$whole" "$work/bad"; export WUFEI_LEDGER=$work/bad; }
put() { printf "$2" | dd of="$work/bad/store/data.mdb" bs=1 conv=notrunc status=none seek="$1"; }
places() { grep -aboF "$1" "$work/bad/store/data.mdb" | cut -d: -f1; }
entry_of() { wufei -L "$whole" show "$1" | awk -F, '$1 == "entry" { print $2; exit }'; }
repaired() {
    expect 0 "book,whole" wufei scrub
    expect 0 "tree,holds,$size,entries" wufei verify
    same "$(wufei verify | awk -F, '$1 == "tree" { print $6 }')" "$root" "the root after a repair"
}
size=$(wufei verify | awk -F, '$1 == "chain" { print $3 }')

# --- several entries at once: each is named, what is provable of it too, and a backup has them
fresh
names="MORE0003X MORE0300X MORE0301X MORE0699X"
for name in $names; do for at in $(places "$name"); do put "$at" Q; done; done
expect 3 "4 of them entries that are not what was signed" wufei scrub --no-book
cp "$work/out" "$work/scrub"
for name in $names; do
    seq=$(entry_of "$name")
    grep -q "^entry,$seq,its bytes are not those that were signed" "$work/scrub" ||
        same missing told "entry $seq"
    leaf=$(awk -F, -v seq="$seq" '$1 == "entry" && $2 == seq { print $NF }' "$work/scrub")
    wufei -L "$whole" prove "$seq" -o "$work/proof$seq" --entry "$work/entry$seq" > /dev/null 2>&1 ||
        true
    same "${#leaf}" 64 "the length of the leaf hash of entry $seq"
done
same "$(grep -c '^entry,' "$work/scrub")" 4 "entries that are told"
expect 3 "damages are left, 4 of them entries" wufei repair
expect 0 "repaired" wufei repair --from "$work/backup"
repaired

# --- tiles, the head row, ids: computed again
fresh
"$WUFEI_BUILD/tests/ledger_test_repair" --damage "$work/bad" tile
expect 3 "tile,0/1," wufei scrub
expect 0 "rows,repaired" wufei repair
repaired
fresh
"$WUFEI_BUILD/tests/ledger_test_repair" --damage "$work/bad" ids
expect 3 "no row leads to entry" wufei scrub
expect 0 "rows,repaired" wufei repair
repaired
fresh
"$WUFEI_BUILD/tests/ledger_test_repair" --damage "$work/bad" head
expect 3 "the head row is not that of the last entry" wufei scrub
expect 0 "rows,repaired" wufei repair
repaired

# --- a meta page, each of them and both
for pages in 0 4096 "0 4096"; do
    fresh
    for at in $pages; do put $((at + 16)) '\0\0\0\0\0\0\0\0'; done
    expect 3 "" wufei verify
    expect 3 "it is no meta page of LMDB" wufei scrub
    expect 0 "meta,repaired" wufei repair
    repaired
    same "$(ls "$work/bad/store" | grep -c meta-pages.before-repair-1)" 1 "the pages as they were"
    expect 0 "" wufei import "$work/more"
done

# --- and when nothing is right, it stays as it was
fresh
put 16 '\0\0\0\0\0\0\0\0'
put $((4096 + 16)) '\0\0\0\0\0\0\0\0'
rm "$work/bad/meta"
cp "$work/bad/store/data.mdb" "$work/before"
expect 3 "" wufei repair
cmp -s "$work/before" "$work/bad/store/data.mdb" || same changed same "a store that cannot be repaired"

# --- the book, and pages of the book
fresh
"$WUFEI_BUILD/tests/ledger_test_repair" --damage "$work/bad" book
expect 3 "book,,book: table" wufei scrub
expect 0 "book,repaired" wufei repair
repaired

# --- FORMAT
fresh
echo "wufei-ledgex 1" > "$work/bad/FORMAT"
expect 3 "file," wufei scrub
expect 0 "FORMAT,repaired" wufei repair
repaired

# --- a rolled back store is no damage that a repair hides
fresh
cp "$work/backup/store/data.mdb" "$work/old.mdb"
export WUFEI_LEDGER=$work/bad
sed 's/X,/Y,/' "$work/more/generation.csv" > "$work/more/g" && mv "$work/more/g" "$work/more/generation.csv"
expect 0 "" wufei import "$work/more"
cp "$work/old.mdb" "$work/bad/store/data.mdb"
rm -f "$work/bad/meta"
expect 3 "entries, $(sed -n 2p "$work/bad/checkpoint") were signed" wufei scrub
expect 3 "" wufei repair
expect 3 "rolled back" wufei verify

# --- nothing to compare with, or nothing to read: nobody says that the entries are what was signed
fresh
rm "$work/bad/checkpoint"
expect 3 "the entries could not be compared" wufei scrub
expect 3 "there is no signed checkpoint" wufei repair
fresh
truncate -s 16384 "$work/bad/store/data.mdb"
expect 3 "the entries could not be compared" wufei scrub
expect 3 "the entries could not be compared" wufei repair

# --- a new copy of the checkpoint outside
export WUFEI_LEDGER=$whole
expect 0 "guard,repaired" wufei repair --guard "$work/outside"
cmp -s "$work/outside" "$whole/checkpoint" || same other same "the copy outside"
finish
