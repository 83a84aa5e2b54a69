#!/bin/bash
# wufei-verify with a log of suite sm2-sm3 that was made without our code (sm2_log/README.md): each
# command holds, and does not once a byte of what it reads is another.
set -u
command -v wufei-verify >/dev/null || { echo "wufei-verify is not built: skipped"; exit 77; }
made=${WUFEI_SOURCE:?}/tests/proof/sm2_log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp -r "$made" made
failures=0
v=wufei-verify
vkey=$(cat made/vkey)

# expect STATUS PATTERN COMMAND...
expect() {
    local status=$1 pattern=$2 got
    shift 2
    "$@" >out 2>&1 </dev/null
    got=$?
    if [ "$got" != "$status" ] || ! grep -Eq -- "$pattern" out; then
        echo "FAIL (status $got, expected $status and \"$pattern\"): $*"
        cat out
        failures=$((failures + 1))
    fi
}

# spoil FILE OFFSET: another byte there.
spoil() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

root3=59b7d3934b8366252225460e3c72f9ed4e9b4baeae13a31ff90c8fa5d6e7af0b
root7=bb05fffd183b4d5067f7d025090f7bd52791e022abca515dbcccea7da469b5dd
leaf4=d95ef8713c724d34e954f146703c0ec886c268155ea1c964767815803a732304
inclusion=(d7e365d5aa47945573064b5ccf48021cc3f3977ecd4785a32bbcda3929230d65
    48f0380aa468a49809801b24508bd48617796a5637e611378b29770bbc8d8230
    9d62c851857163f57a715930706bcf865f8d21a2648f06849c37dc1d4c1f7631)
consistency=(05d10d490344dee2fb3ac35c7fca9cd852116d5ee889995873ab023e138526c7
    d1e0c4cc75f9be1797f4c96d90b2e976bc2e2755f12348bd586dd83d934635c7
    34588e4c8e7577eeadc746684418005a61ce157cb353c2e820e61482762a412c
    901d15642520fa5590cfdcd0c4ce47b496d55c24d8ab695a2c6e43e25efe2ab5)

# ---- bare proofs: only they must be told the hash
expect 0 "^holds" $v inclusion --leaf-hash $leaf4 --index 4 --size 7 --root $root7 --hash sm3 \
    "${inclusion[@]}"
expect 1 "do not lead to the root" $v inclusion --leaf-hash $leaf4 --index 4 --size 7 \
    --root $root7 "${inclusion[@]}"
expect 1 "do not lead to the root" $v inclusion --leaf-hash $leaf4 --index 5 --size 7 \
    --root $root7 --hash sm3 "${inclusion[@]}"
expect 0 "^holds" $v consistency --size1 3 --root1 $root3 --size2 7 --root2 $root7 --hash sm3 \
    "${consistency[@]}"
expect 1 "does not lead to both" $v consistency --size1 3 --root1 $root3 --size2 7 \
    --root2 $root7 --hash sha256 "${consistency[@]}"
expect 2 "expected sha256 or sm3" $v consistency --size1 3 --root1 $root3 --size2 7 \
    --root2 $root7 --hash md5 "${consistency[@]}"

# ---- what is signed says its hash by the key
expect 0 "^sm2.example/log$" $v note --vkey "$vkey" made/checkpoint.3
expect 0 "^root: $root3$" $v checkpoint --vkey "$vkey" --origin sm2.example/log made/checkpoint.3
expect 0 "^size: 0$" $v checkpoint --vkey "$vkey" made/checkpoint.0
expect 0 "^index: 4$" $v proof --vkey "$vkey" --entry made/entry made/proof
expect 0 "size 7 extends size 3" $v extends --vkey "$vkey" made/checkpoint.3 made/log/checkpoint \
    made/extends
expect 0 "7 entries, their tiles and 2 checkpoints" $v tiles --vkey "$vkey" made/log

printf 'log %s\nquorum none\n' "$vkey" >policy
expect 0 "^size: 7$" $v checkpoint --policy policy made/log/checkpoint
expect 0 "7 entries" $v tiles --policy policy made/log

# ---- another key, another witness
other=${vkey/sm2.example/sm3.example}
expect 2 "mangled" $v checkpoint --vkey "$other" made/checkpoint.3
expect 2 "type 04" $v checkpoint --vkey "$vkey" --witness "$vkey" made/checkpoint.3

# ---- every byte counts
size=$(stat -c %s made/checkpoint.3)
for ((at = 0; at < size; at++)); do
    cp made/checkpoint.3 spoilt
    spoil spoilt $at
    expect 1 "does not hold" $v checkpoint --vkey "$vkey" spoilt
done
cp made/entry spoilt
spoil spoilt 3
expect 1 "is not entry 4" $v proof --vkey "$vkey" --entry spoilt made/proof
for file in tile/entries/000.p/7 tile/0/000.p/7 checkpoint.3 checkpoint; do
    rm -rf log && cp -r made/log log
    spoil log/$file 40
    expect 1 "does not hold" $v tiles --vkey "$vkey" log
done

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
