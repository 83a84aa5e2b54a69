#!/usr/bin/env bash
# What commands say beside their answer, so that nobody is led astray: a key for a party that is not
# there, a key file that is not there, a receipt of the past that is not signed, who is writing; and all
# of it in Chinese as well.
# runs with both suites
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WUFEI_LEDGER=$work/ledger
cd "$work"
failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
# says STATUS WORDS COMMAND...: standard output in $work/out, standard error in $work/said
says() {
    local wanted=$1 words=$2 got=0
    shift 2
    "$@" >"$work/out" 2>"$work/said" || got=$?
    [ $got = "$wanted" ] || fail "$*: exit $got, $wanted was expected: $(cat "$work/said")"
    [ -z "$words" ] || grep -qF -- "$words" "$work/said" || fail "$*: '$words' was expected: $(cat "$work/said")"
}
silent_about() { # WORDS: of what was said last
    ! grep -qF -- "$1" "$work/said" || fail "not to be said: $(cat "$work/said")"
}

suite=${WUFEI_TEST_SUITE:-ed25519-sha256}
wufei init --origin test.example/remarks --suite "$suite" >"$work/log"
vkey=$(wufei stat --format csv | awk -F, '$1 == "vkey" { print $2 }')
wufei key new --suite "$suite" -o one.pem >"$work/log"
wufei key new --suite "$suite" -o two.pem >"$work/log"

# a key may come before its party, and the remark ends when the party is there
says 0 "no party P1 is in this ledger so far" wufei key add P1 one.pem.pub
says 0 "没有编号为 P2 的单位" wufei --lang zh key add P2 one.pem.pub
says 0 "" wufei -q key add P3 two.pem.pub
silent_about "no party"
mkdir in
printf 'party_id,name,roles\nP4,one,carrier\n' >in/parties.csv
wufei import -q in >"$work/log" 2>&1
says 0 "receipt" wufei key add P4 two.pem.pub
silent_about "no party"

# a file that is not there is a slip of who typed it, and the option is named
says 2 "--new none.pem: there is no such file" wufei key rotate P1 --key one.pem --new none.pem
says 2 "--key none.pem: there is no such file" wufei key rotate P1 --key none.pem --new two.pem
says 2 "--new none.pem：没有这个文件" wufei --lang zh key rotate P1 --key one.pem --new none.pem
says 2 "none.pub: there is no such file" wufei key add P1 none.pub
says 4 "cannot be read" wufei key add P1 in

# a receipt of the past: no command that must fail, and what makes it pass
size=$(wufei checkpoint | sed -n 2p)
wufei checkpoint -o kept >"$work/log"
wufei prove 1 --format csv -o now.tlog-proof >"$work/out"
grep -q "wufei-verify proof" "$work/out" || fail "prove names no check: $(cat "$work/out")"
says 0 "" wufei key add P5 two.pem.pub
says 0 "is not signed here" wufei prove 1 --at "$size" --format csv -o then.tlog-proof
! grep -q "wufei-verify" "$work/out" || fail "a check that must fail: $(cat "$work/out")"
grep -qF "with a signed checkpoint at its end instead of this one, check it with: wufei-verify proof" "$work/said" ||
    fail "no way to a check: $(cat "$work/said")"
says 1 "does not hold" wufei-verify proof --vkey "$vkey" --entry then.entry then.tlog-proof
{ sed '/^$/,$d' then.tlog-proof; echo; cat kept; } >joined.tlog-proof
wufei-verify proof --vkey "$vkey" --entry then.entry joined.tlog-proof >"$work/out" || fail "$(cat "$work/out")"

# nothing is half done when a name is refused: no witness key, no ledger
says 2 "cannot be the name of a witness" wufei witness key --new-key --key w.pem --name "a b"
[ ! -e w.pem ] || fail "a key was made for a witness that cannot be called so"
says 2 "is inside the ledger" wufei repair --guard "$WUFEI_LEDGER/guard"
says 2 "there is no folder none" wufei init -L other --guard none/guard
touch guard
says 2 "exists already" wufei init -L other --guard guard
[ ! -e other ] || fail "a ledger was made without the guard that was asked for"
says 2 "follows the present one: wufei key rotate" wufei key add operator one.pem.pub
# what is wrong behind --lang is told in that language, and the words of an enumeration with it
says 2 "未知选项" wufei --lang zh -x
says 2 "未知的场所种类“dump”" wufei list sites --lang zh --kind dump
printf '{"a":1,' >cut.json
says 1 "（位于文件末尾）" wufei --lang zh import --as emanifest cut.json
says 1 "near end of file" wufei import --as emanifest cut.json

# who writes, also before the holder of the lock has written who it is
lock=$WUFEI_LEDGER/store/writer.lock
: >"$lock"
flock "$lock" sh -c 'echo ready; exec sleep 60' >ready &
holder=$!
until grep -q ready ready 2>/dev/null; do sleep 0.05; done
says 4 "is writing; wait for it or stop it" wufei import in
silent_about "?"
# some file systems call themselves otherwise in the table of locks, and then nobody is named
if grep -q "FLOCK .* $holder $(printf '%02x:%02x:%d' $(stat -c '%Hd %Ld %i' "$lock")) " /proc/locks; then
    grep -qF "another process ($holder) is writing" "$work/said" || fail "$(cat "$work/said")"
else
    grep -qF "another process is writing" "$work/said" || fail "$(cat "$work/said")"
fi
children=$(cat "/proc/$holder/task/$holder/children" 2>/dev/null || true)
kill $holder $children
wait $holder 2>/dev/null || true

[ $failures = 0 ]
