#!/usr/bin/env bash
# scrub looks at the files beside the store too, and says of each what to do; and it claims nothing of
# entries that it cannot compare with what was signed: a ledger put back, a fork, a store that is gone.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
whole=$work/ledger
monday=$work/monday
cp -a "$whole" "$monday"
mkdir "$work/more"
more() { # NAME: one batch more
    printf 'batch_id,site_id,time,waste_code,mass_kg,basis\n%s,F1,2026-03-05T08:00:00+08:00,336-064-17,1,weighed\n' \
        "$1" > "$work/more/generation.csv"
    expect 0 "" wufei import "$work/more"
}
more M1
more M2
expect 0 "" wufei backup "$work/backup"
fresh() { rm -rf "$work/bad"; cp -a "$whole" "$work/bad"; export WUFEI_LEDGER=$work/bad; }
# aside TEXT: a damage of a file; the log is what it was, and is looked at all the same
aside() {
    expect 3 "$1" wufei scrub
    grep -q "^file,," "$work/out" || same "$(cat "$work/out")" "file,," "the row of $1"
    grep -q '^book,whole' "$work/out" || same "$(cat "$work/out")" "book,whole" "the book beside $1"
    grep -q '^signatures,whole' "$work/out" || same "" "signatures,whole" "signatures beside $1"
    grep -q "every entry is what was signed" "$work/err" || same "$(cat "$work/err")" "" "the last word"
}

# --- the operator's key
fresh; rm "$work/bad/operator.pem"
aside "operator.pem, with which the ledger is written to, is missing; put the ledger's own key back"
expect 3 "every entry is what was signed; wufei scrub tells them" wufei repair
fresh
for place in 3 40 60; do
    byte=$(sed -n 2p "$whole/operator.pem" | cut -c$place)
    other=A; [ "$byte" != A ] || other=B
    sed "2s/^\(.\{$((place - 1))\}\)./\1$other/" "$whole/operator.pem" > "$work/bad/operator.pem"
    aside "operator.pem"
done
expect 0 "" wufei -L "$work/other" init --origin test.example/city --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}"
cp "$work/other/operator.pem" "$work/bad/operator.pem"
aside "is not the key that the log names"
cp "$whole/operator.pem" "$work/bad/operator.pem"
expect 0 "book,whole" wufei scrub
# a copy in which nobody ever wrote needs none
expect 0 "operator key,not here" wufei -L "$work/backup" scrub

# --- the kept copy of the first pages
fresh; rm "$work/bad/meta"
aside "is missing; it is written anew by: wufei repair"
expect 0 "meta,repaired" wufei repair
expect 0 "book,whole" wufei scrub
# the same pages; those of an older transaction may stand beside them
printf '\0\0\0\0' | dd of="$work/bad/store/data.mdb" bs=1 seek=16 conv=notrunc status=none
expect 3 "wufei repair may mend it" wufei verify
expect 3 "it is no meta page of LMDB" wufei scrub
expect 0 "meta,repaired" wufei repair

# --- of the witnesses
fresh; echo "quorum nobody" > "$work/bad/policy"
aside "policy: line 1"
fresh; mkdir -p "$work/bad/witnesses"
id=$(printf x | sha256sum | cut -d' ' -f1)
cp "$whole/checkpoint" "$work/bad/witnesses/$id"
expect 0 "book,whole" wufei scrub
sed -i '3s/^..../AAAA/' "$work/bad/witnesses/$id"
aside "remove the file, the witness says again what it cosigned: wufei witness ask"

# --- what was signed is missing, or is something else
size=$(sed -n 2p "$whole/checkpoint")
before=$(sed -n 2p "$monday/checkpoint")
lost() { # TEXT PROVABLE
    expect 3 "$1" wufei scrub
    grep -q "$2" "$work/out" || same "$(cat "$work/out")" "$2" "what is provable"
    grep -q "^entries,damaged" "$work/out" || same whole damaged "entries"
    grep -q "computed from them again" "$work/out" && same "$(cat "$work/out")" "" "a false promise"
    grep -q "wufei restore BACKUP" "$work/err" || same "$(cat "$work/err")" "wufei restore" "the way out"
    grep -q "every entry is what was signed" "$work/err" && same "$(cat "$work/err")" "" "a false claim"
    expect 3 "wufei restore BACKUP" wufei repair
}
fresh; cp "$monday/store/data.mdb" "$work/bad/store/"
missing="the log has $before entries, $size were signed, as the file checkpoint says: at least $((size - before)) are missing"
lost "$missing" "none: of no entry here can it be shown"
mkdir "$work/bad/witnesses"
cp "$monday/checkpoint" "$work/bad/witnesses/$id" # of then: so far it is proved again
lost "$missing" "the first $before entries; of nothing behind them"
cp -a "$monday" "$work/fork"
export WUFEI_LEDGER=$work/fork
for name in X1 X2 X3; do more $name; done
fresh; cp "$work/fork/store/data.mdb" "$work/bad/store/"
lost "the first $size entries are not those that the checkpoint signs" "none: of no entry here"
# the folder is of one piece, and the copy outside is ahead
cp -a "$monday" "$work/old"
export WUFEI_LEDGER=$work/old
expect 0 "" wufei repair --guard "$work/outside"
cp "$whole/checkpoint" "$work/outside"
lost "$size were signed, as the file guard says" "the first $before entries; of nothing behind them"

# --- a store that is gone, or half of it
gone() { # TEXT
    expect 3 "$1" wufei scrub
    grep -q "none as it is: no entry could be read" "$work/out" || same "" none "what is provable"
    grep -q "^entries,not read,0" "$work/out" || same "$(cat "$work/out")" "not read" "entries"
    expect 3 "wufei restore" wufei repair
}
fresh; : > "$work/bad/store/data.mdb";            gone "put a backup in place with: wufei restore BACKUP"
fresh; rm "$work/bad/store/data.mdb";             gone "is missing; put a backup in place with: wufei restore BACKUP"
fresh; truncate -s 40960 "$work/bad/store/data.mdb"; gone "cut short"
finish
