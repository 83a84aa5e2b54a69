#!/usr/bin/env bash
# Files that -o and --entry name: never over another file, never into the ledger, never half; and
# the command that prove prints can be pasted as it is.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
start
cd "$work"
everything() { find ledger -type f ! -name lock.mdb -exec sha256sum {} + | sort; }
before=$(everything)

for option in "checkpoint -o" "prove M1 -o" "prove M1 --entry"; do
    for path in ledger/operator.pem ledger/store/data.mdb ledger/checkpoint ledger/FORMAT \
        ledger/new ledger/store/new "$work/ledger/new" ./ledger/../ledger/new; do
        # shellcheck disable=SC2086
        expect 2 "is inside the ledger" wufei $option "$path"
    done
done
ln -s ledger/store door
ln -s ledger/operator.pem key
ln -s ledger/store/unborn nowhere
expect 2 "is inside the ledger" wufei checkpoint -o door/data.mdb
expect 2 "is inside the ledger" wufei checkpoint -o door/new
expect 2 "exists already; name another file or remove it first" wufei checkpoint -o key
expect 2 "exists already" wufei checkpoint -o nowhere
ln -s . ledger/loop
expect 2 "is inside the ledger" wufei prove M1 -o ledger/loop/loop/new
rm ledger/loop
mkdir -p up
expect 2 "is inside the ledger" wufei -L up/../ledger checkpoint -o ledger/new
if [ "$(id -u)" -eq 0 ] && mkdir mounted && mount --bind ledger/store mounted 2> /dev/null; then
    expect 2 "is inside the ledger" wufei checkpoint -o mounted/new
    umount mounted
else
    echo "SKIPPED: a bind mount (not permitted here)"
fi
same "$(everything)" "$before" "the ledger's files"

echo mine > mine
expect 2 "-o mine exists already" wufei checkpoint -o mine
expect 2 "-o mine exists already" wufei prove M1 -o mine
expect 2 "--entry mine exists already" wufei prove M1 -o p1 --entry mine
echo mine > p1.entry
expect 2 "p1.entry exists already" wufei prove M1 -o p1.tlog-proof
same "$(cat mine p1.entry)" "$(printf 'mine\nmine')" "files that were there"
expect 2 "is a folder" wufei checkpoint -o up
expect 2 "a file each" wufei prove M1 -o p3 --entry p3
expect 2 "a file each" wufei prove M1 -o p3 --entry up/../p3
for option in "checkpoint -o" "prove M1 -o" "prove M1 --entry"; do
    # shellcheck disable=SC2086
    expect 2 "names no file" wufei $option ""
done
same "$(find . -name 'p3*' -o -name '*.tmp' -o -name p1.tlog-proof)" "" "what refusals left"

# a stream is no file to be overwritten
same "$(wufei checkpoint -o /dev/stdout | head -1)" test.example/city "/dev/stdout"
expect 0 "" wufei checkpoint -o /dev/null
same "$(wufei checkpoint -o >(cat > piped); sleep 0.3; head -1 piped)" test.example/city "a pipe"

# a proof that cannot be written leaves nothing of itself
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=8k none full 2> /dev/null; then
    head -c 8192 /dev/zero > full/filler 2> /dev/null || true
    expect 4 "cannot write full/p: No space left" wufei checkpoint -o full/p
    same "$(ls full)" filler "a full disk after checkpoint -o"
    umount full
else
    echo "SKIPPED: a full disk (no mount permitted here)"
fi

mkdir -p "it's 垃圾 \$HOME"
for name in "it's 垃圾 \$HOME/M1" 证明 "a b" "'" 'x"y`z'; do
    expect 0 "" wufei prove M1 -o "$name.tlog-proof" --format json
    command=$(sed -n 's/.*"check_with": *"\(\([^"\\]\|\\.\)*\)".*/\1/p' out | sed 's/\\\(["\\]\)/\1/g')
    expect 0 "" bash -c "$command"
done
(cd up && wufei prove M1 -o -M1 > ../out 2> ../err) || same 1 0 "prove -o -M1"
expect 0 "" bash -c "cd up && $(tail -1 out | sed 's/.*,wufei-verify/wufei-verify/')"
finish
