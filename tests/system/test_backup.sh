#!/usr/bin/env bash
# backup while another process writes, and restore: what is called a backup was verified, nothing that
# looks like one stays behind a failure, a restored ledger says so for ever, and whoever kept a later
# checkpoint has the proof that something was lost.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
vkey=$(wufei stat --format json |
    grep -o 'test.example/city+[0-9a-f]*+[A-Za-z0-9+/=]*' | head -1)

# --- while a writer is at work
mkdir "$work/rows"
{
    head -1 "$work/city/generation.csv"
    for i in $(seq 1 60); do echo "B$i,F1,2026-03-03T08:00:00+08:00,336-064-17,$i,weighed"; done
} > "$work/all.csv"
(
    for i in $(seq 2 61); do
        { head -1 "$work/all.csv"; sed -n "${i}p" "$work/all.csv"; } > "$work/rows/generation.csv"
        wufei import "$work/rows" > /dev/null 2>&1 || exit 1
    done
) &
writer=$!
sizes=""
for n in 1 2 3 4 5; do
    expect 0 "left out" wufei backup "$work/backup$n"
    sizes="$sizes $(cell "$work/out" backup "$work/backup$n" entries)"
    expect 0 "chain,holds" wufei -L "$work/backup$n" verify --signatures
done
wait "$writer" || same failed done "the writer beside the backups"
for n in 1 2 3 4 5; do
    expect 0 "equal" wufei -L "$work/backup$n" rebuild --check
    [ ! -e "$work/backup$n/operator.pem" ] || same there absent "the private key in a backup"
done
last=0
for size in $sizes; do
    [ "$size" -ge "$last" ] || same "$size" "$last or more" "the size of a later backup"
    last=$size
done
[ "$(set -- $sizes; echo "$1")" -lt "$(wufei verify | awk -F, '$1 == "chain" { print $3 }')" ] ||
    same all some "the first backup, which was made while the writer was at work,"

# --- where it may not be made, and what a failure leaves
expect 2 "exists; a backup is only made where nothing is" wufei backup "$work/backup1"
mkdir "$work/empty"
expect 2 "exists" wufei backup "$work/empty"
expect 4 "$work/nowhere" wufei backup "$work/nowhere/backup"
expect 2 "there is no such ledger" wufei -L "$work/nowhere" backup "$work/b"
expect 2 "is inside the ledger" wufei backup "$work/ledger/backup"
expect 2 "is inside the ledger" wufei backup "$work/ledger/store/../backup/"
cp -a "$work/ledger" "$work/broken"
for at in $(grep -abo 'B30' "$work/broken/store/data.mdb" | cut -d: -f1); do
    printf 'X' | dd of="$work/broken/store/data.mdb" bs=1 conv=notrunc status=none seek="$at"
done
expect 3 "entry " wufei -L "$work/broken" backup "$work/of-broken"
same "$(ls -A "$work" | grep -c 'of-broken' || true)" 0 "what a backup of a damaged ledger leaves"
( ulimit -f 64; trap '' XFSZ; expect 4 "" wufei backup "$work/too-large" )
same "$(ls -A "$work" | grep -c 'too-large' || true)" 0 "what a backup on a full disk leaves"

# --- a killed one is removed by the next for the same place
dead=$( (exec sh -c 'echo $$') )
mkdir -p "$work/.killed.tmp.$dead/store"
touch "$work/.killed.tmp.$dead/store/data.mdb" "$work/.killed.tmp.$dead/checkpoint"
expect 0 "" wufei backup "$work/killed"
[ ! -e "$work/.killed.tmp.$dead" ] || same there gone "what a killed backup left"

# --- restore: what was signed since the backup is lost, and everybody can see it
wufei backup "$work/whole" > /dev/null
wufei checkpoint > "$work/newest"
size=$(sed -n 2p "$work/newest")
first=$(set -- $sizes; echo "$1")
expect 2 "both the backup and the ledger" wufei restore "$work/ledger" -L "$work/ledger"
expect 0 "$((size - first)) entries that were signed are lost" wufei restore "$work/backup1"
grep -q "answers 409" "$work/err" || same silent said "what witnesses will answer"
same "$(cell "$work/out" ledger "$work/ledger" kept_aside)" "$work/ledger.before-restore-1" "the old one"
same "$(cell "$work/out" ledger "$work/ledger" lost)" "$((size - first))" "lost"
expect 0 "chain,holds,$size" wufei -L "$work/ledger.before-restore-1" verify
expect 0 "entry $first: put back from a backup; $((size - first)) entries" wufei verify --signatures
expect 0 "record,recovery" wufei show "entry:$first"
expect 0 "last_signed,$size" wufei show "entry:$first"
expect 0 "equal" wufei rebuild --check
expect 0 "" wufei import "$work/rows"
expect 0 "recovery,recorded" wufei verify --signatures

# the holder of the newer checkpoint: no proof leads from it to what is signed now
wufei checkpoint > "$work/now"
printf 'old %s\n\n' "$size" > "$work/proof"
cat "$work/now" >> "$work/proof"
expect 1 "the two checkpoints above are the evidence" \
    wufei-verify extends --vkey "$vkey" "$work/newest" "$work/now" "$work/proof"
same "$(grep -c '^— ' "$work/out")" 2 "signed notes shown as evidence"

# --- with the checkpoint that somebody kept, where the ledger itself is gone
key=$work/ledger/operator.pem
expect 2 "name its file with --key FILE" wufei restore "$work/backup1" -L "$work/new"
[ ! -e "$work/new" ] || same there absent "a ledger whose restore failed"
expect 0 "$((size - first)) entries that were signed are lost" \
    wufei restore "$work/backup1" -L "$work/new" --key "$key" --last "$work/newest"
expect 0 "" wufei -L "$work/new" verify --signatures
expect 0 "what was signed since is not known" sh -c \
    "wufei restore '$work/backup1' -L '$work/unknown' --key '$key' && wufei -L '$work/unknown' verify"
expect 0 "" wufei backup "$work/with-key" --with-key
expect 0 "" wufei restore "$work/with-key" -L "$work/newer" --last "$work/now"
expect 0 "nothing that was signed is lost" wufei -L "$work/newer" verify

# --- what is no backup of this ledger
cp -a "$work/backup1" "$work/cut"
cp "$work/newest" "$work/cut/checkpoint"
expect 3 "rolled back or truncated" wufei restore "$work/cut"
truncate -s 20000 "$work/cut/store/data.mdb"
expect 3 "$work/cut is not put in place, and nothing was changed" wufei restore "$work/cut"
echo 1 > "$work/b.tar"
expect 2 "an archive is unpacked first" wufei restore "$work/b.tar"
expect 2 "is inside the ledger" wufei restore "$work/backup1" -L "$work/backup1/new" --key "$key"
expect 4 "$work/no: No such file" wufei restore "$work/backup1" -L "$work/no/new" --key "$key"
# while somebody writes
exec 8<> "$work/ledger/store/writer.lock"
flock -n 8
expect 4 "nothing was changed" wufei restore "$work/backup1"
grep -q "is writing; wait for it or stop it" "$work/err" || same "$(cat "$work/err")" "" "who writes"
exec 8>&-
# a book that rotted in the backup is not verified with the log; what tells is named, and mends it
cp -a "$work/whole" "$work/rotten"
python3 - "$work/rotten/store/data.mdb" << 'PYTHON'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[data.find(b'Riverside')] ^= 1
open(sys.argv[1], 'wb').write(data)
PYTHON
expect 0 "wufei rebuild --check" wufei restore "$work/rotten" -L "$work/mended" --key "$key"
expect 3 "wufei rebuild derives the book again" wufei -L "$work/mended" rebuild --check
expect 0 "" wufei -L "$work/mended" rebuild
expect 0 "equal" wufei -L "$work/mended" rebuild --check
expect 1 "is not of the ledger that was signed" wufei restore "$work/whole"
wufei init -L "$work/stranger" --origin other.example/city > /dev/null
wufei -L "$work/stranger" backup "$work/strange" --with-key > /dev/null
expect 2 "is of another ledger, test.example/city" wufei restore "$work/strange"
echo notes > "$work/empty/notes"
expect 2 "is not a ledger" wufei restore "$work/backup1" -L "$work/empty"
expect 2 "is not a ledger: it has no file FORMAT" wufei restore "$work/empty"

# --- the copy outside: the recovery excuses what it knew, and only that
wufei init -L "$work/guarded" --origin g.example/1 --guard "$work/outside" > /dev/null
wufei -L "$work/guarded" backup "$work/g0" > /dev/null
wufei -L "$work/guarded" import "$work/city" > /dev/null 2>&1
cp "$work/outside" "$work/outside.kept"
cp -a "$work/g0" "$work/put-back"
cp -p "$work/guarded/operator.pem" "$work/guarded/guard" "$work/put-back"
expect 3 "rolled back or truncated" wufei -L "$work/put-back" verify
expect 0 "" wufei restore "$work/g0" -L "$work/guarded"
cmp -s "$work/outside" "$work/guarded/checkpoint" || same old new "the copy outside after a restore"
cp "$work/outside.kept" "$work/outside" # a crash before it was replaced
expect 0 "" wufei -L "$work/guarded" import "$work/city"
cmp -s "$work/outside" "$work/guarded/checkpoint" || same old new "the copy outside after an import"
# the same when the copy is by a key that the restored log does not know any more; a copy that is not
# the one that was lost is not excused
expect 0 "" wufei -L "$work/guarded" key rotate
cp "$work/outside" "$work/outside.kept"
expect 0 "signs for the operator again" wufei restore "$work/g0" -L "$work/guarded"
cp "$work/outside" "$work/outside.new"
cp "$work/outside.kept" "$work/outside"
expect 0 "" wufei -L "$work/guarded" verify
cp "$work/guarded/guard.lost" "$work/lost" && echo >> "$work/guarded/guard.lost"
expect 3 "by no key that the store" wufei -L "$work/guarded" import "$work/city"
cp "$work/lost" "$work/guarded/guard.lost"
expect 0 "" wufei -L "$work/guarded" import "$work/city"
cmp -s "$work/outside" "$work/guarded/checkpoint" || same old new "the copy outside after a rotation"
# the copy outside cannot be written: the backup is in place all the same, and that is what is said
mkdir "$work/outside~"
expect 4 "the backup is in place" wufei restore "$work/g0" -L "$work/guarded"
rmdir "$work/outside~"
expect 0 "" wufei -L "$work/guarded" import "$work/city"
# it cannot be read: nothing later is excused by what it may have said, and a new one is named
mv "$work/outside" "$work/outside.away"
mkdir "$work/outside"
expect 4 "wufei repair --guard FILE" wufei restore "$work/g0" -L "$work/guarded"
rmdir "$work/outside" && mv "$work/outside.away" "$work/outside"
expect 3 "rolled back or truncated" wufei -L "$work/guarded" import "$work/city"
expect 0 "" wufei -L "$work/guarded" repair --guard "$work/outside-2"
expect 0 "" wufei -L "$work/guarded" import "$work/city"
finish
