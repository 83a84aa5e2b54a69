#!/usr/bin/env bash
# What killed rebuilds left goes away with the next one, and only that; a check changes nothing in the
# ledger's folder; a reader who may not write the lock file is told so.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start
export TMPDIR=$work/temporary
mkdir "$TMPDIR"

dead=$( (exec sh -c 'echo $$') )
for folder in "$work/ledger" "$TMPDIR"; do
    mkdir "$folder/rebuild-Ab12Cd" "$folder/wufei-rebuild-$dead-Ab12Cd" "$folder/wufei-rebuild-$$-mine" \
        "$folder/wufei-rebuild-notes"
    touch "$folder/rebuild-Ab12Cd/data.mdb" "$folder/wufei-rebuild-$dead-Ab12Cd/lock.mdb"
    touch "$folder/wufei-rebuild-list"
done
kept="wufei-rebuild-$$-mine wufei-rebuild-list wufei-rebuild-notes "
echo half > "$work/ledger/checkpoint~"
left() { (cd "$1" && printf '%s\n' ./*rebuild* | sed 's/^..//' | sort | tr '\n' ' '); }

before=$(cd "$work/ledger" && find . | sort)
expect 0 "equal" wufei rebuild --check
same "$(cd "$work/ledger" && find . | sort)" "$before" "the ledger's files after rebuild --check"
same "$(left "$TMPDIR")" "$(printf '%s\n' $kept | sort | tr '\n' ' ')" "what a check leaves in TMPDIR"

# another one is at work, of which the process id says nothing here: its lock does
mkdir "$work/ledger/wufei-rebuild-$dead-busy"
exec 9< "$work/ledger/wufei-rebuild-$dead-busy"
flock 9
expect 0 "replaced" wufei rebuild
[ -d "$work/ledger/wufei-rebuild-$dead-busy" ] || same gone there "the scratch folder of a rebuild at work"
exec 9<&-
expect 0 "replaced" wufei rebuild
same "$(left "$work/ledger")" "$(printf '%s\n' $kept | sort | tr '\n' ' ')" "what a rebuild leaves"
same "$(ls "$work/ledger/checkpoint~" 2> /dev/null)" "" "a half checkpoint"
expect 0 "" wufei verify

# readers without the right to write
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
    chmod -R a+rX "$work"
    chmod a+rwx "$TMPDIR"
    other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    if other test -x "$(command -v wufei)"; then
        expect 4 "store/lock.mdb cannot be opened for writing" other wufei stat
        expect 4 "write permission on this one file, or read a copy" other wufei show M1
        chmod a+rw "$work/ledger/store/lock.mdb"
        expect 0 "M1" other wufei show M1
        expect 0 "chain,holds" other wufei verify
        expect 0 "equal" other wufei rebuild --check
        cp -a "$work/ledger" "$work/copy"
        chown -R 65534 "$work/copy"
        expect 0 "M1" other wufei -L "$work/copy" show M1
    else
        echo "SKIPPED: readers of another user (who cannot run this build)"
    fi
else
    echo "SKIPPED: readers of another user (this test is not root)"
fi
finish
