#!/usr/bin/env bash
# --at SIZE answers old questions as they were answered then: the answers of every reading command are
# kept while a ledger grows, and asked for again at the end, byte for byte; also when its old entries
# have been archived since. And what --at refuses.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export TMPDIR=$work/tmp
mkdir tmp
export LC_ALL=C.UTF-8
unset WUFEI_LEDGER

fail() {
    echo "test_at: $*" >&2
    exit 1
}

entries() { # entries [--at SIZE]
    wufei stat "$@" | sed -n 's/^entries,\([0-9]*\)$/\1/p'
}

# A city in three steps: each bundle has more of its events.
wufei-sim --out city --seed 11 --manifests 220 --no-tracks >/dev/null 2>&1
ids=$(sed -n '2p;60p;150p' city/manifests.csv | cut -d, -f1)
site=$(sed -n 2p city/sites.csv | cut -d, -f1)
part() { # part NAME FRACTION: the first of each file, in order of entry
    mkdir "$1"
    local file
    for file in city/*.csv; do
        case "$(basename "$file")" in
            manifest_events.csv | weighings.csv | treatments.csv | stocktakes.csv | reports.csv)
                head -n "$(($(wc -l <"$file") * $2 / 10))" "$file" >"$1/$(basename "$file")" ;;
            *) cp "$file" "$1" ;;
        esac
    done
}
part one 4
part two 7

# The answers that a question may have, one file each.
ask() { # ask FOLDER [--at SIZE]
    local to=$1 what by n=0
    shift
    mkdir "$to"
    for what in manifests sites parties vehicles permits scales findings; do
        wufei list "$what" "$@" >"$to/list-$what" 2>"$to/list-$what.err"
    done
    wufei list manifests --format json --state received "$@" >"$to/list-json"
    for by in site party code stream district day; do
        wufei balance --by "$by" "$@" >"$to/balance-$by"
    done
    wufei audit "$@" >"$to/audit"
    wufei audit --explain "$(sed -n 2p "$to/audit" | cut -d, -f1)" "$@" >"$to/explain" 2>&1 ||
        echo "exit $?" >>"$to/explain"
    for what in $ids "site:$site" entry:3 entry:300; do
        n=$((n + 1))
        wufei show "$what" "$@" >"$to/show-$n" 2>&1 || echo "exit $?" >>"$to/show-$n"
    done
    for what in $ids "$site"; do
        n=$((n + 1))
        wufei trace "$what" "$@" >"$to/trace-$n" 2>&1 || echo "exit $?" >>"$to/trace-$n"
    done
    wufei verify --signatures "$@" | cut -d, -f1,2,3,4,6 >"$to/verify"
    wufei stat "$@" | sed '/^$/,$d' | grep -v -E '^(entries_per_day|folder)' >"$to/stat"
    # the statement, the entry's bytes and the proof of them; signatures are looked at apart
    wufei prove 300 -o "$to/300.tlog-proof" "$@" >/dev/null 2>&1
    wufei checkpoint "$@" >"$to/checkpoint" 2>/dev/null
}
export WUFEI_LEDGER=$work/ledger

wufei init --origin at.wufei.example >/dev/null
sizes=()
for bundle in one two city; do
    wufei import "$bundle" >/dev/null 2>&1 || true # some acts are refused: their manifests are cancelled
    size=$(entries)
    [ ${#sizes[@]} -eq 0 ] || [ "$size" -gt "${sizes[-1]}" ] || fail "the ledger does not grow"
    sizes+=("$size")
    ask "then-$size"
done

compare() { # compare SUFFIX
    local size file name
    for size in "${sizes[@]}"; do
        ask "again-$size$1" --at "$size"
        for file in then-"$size"/*; do
            name=$(basename "$file")
            case "$name" in
                checkpoint | *.tlog-proof)
                    # the last one is signed still; of the others all but the signature is there
                    if [ "$size" = "${sizes[-1]}" ]; then
                        cmp "$file" "again-$size$1/$name" || fail "$name at $size"
                    else
                        grep -v '^—' "$file" | sed '$d' | cmp - "again-$size$1/$name" ||
                            fail "$name at $size"
                    fi ;;
                *) cmp "$file" "again-$size$1/$name" || {
                    diff "$file" "again-$size$1/$name" | head -5 >&2
                    fail "$name at $size"
                } ;;
            esac
        done
    done
}
compare ""
differ=0
cmp -s then-"${sizes[0]}"/audit then-"${sizes[2]}"/audit || differ=$((differ + 1))
cmp -s then-"${sizes[0]}"/balance-code then-"${sizes[2]}"/balance-code || differ=$((differ + 1))
[ "$differ" = 2 ] || fail "the answers of then and now are the same: nothing was shown"

wufei archive --all >/dev/null
compare -archived

# A receipt of then, with the checkpoint that somebody kept, is a receipt.
vkey=$(wufei stat | sed -n 's/^vkey,//p')
first=${sizes[0]}
sed -n '/^at.wufei.example$/q;p' "again-$first/300.tlog-proof" >joined.tlog-proof
cat "then-$first/checkpoint" >>joined.tlog-proof
wufei-verify proof --vkey "$vkey" --entry "again-$first/300.entry" joined.tlog-proof >/dev/null ||
    fail "the receipt of $first entries does not hold with the kept checkpoint"
wufei-verify proof --vkey "$vkey" --entry "again-$first/300.entry" "again-$first/300.tlog-proof" \
    >/dev/null 2>&1 && fail "a receipt without signature holds"
wufei checkpoint --at "$first" 2>&1 >/dev/null | grep -q "is not signed here" ||
    fail "an unsigned checkpoint is not called one"
wufei prove 3 --at "$first" 2>&1 >/dev/null | grep -q "is not signed here" ||
    fail "an unsigned receipt is not called one"
wufei checkpoint --at "${sizes[2]}" 2>&1 >/dev/null | grep -q . && fail "a signed one is"

# Any size will do, also in the middle of a run, of a seal, and the first entry alone.
for size in 1 2 255 256 257 $((first / 2)) $((first + 1)); do
    wufei verify --at "$size" | grep -q "^chain,holds,$size," || fail "verify --at $size"
    [ "$(entries --at "$size")" = "$size" ] || fail "stat --at $size"
    wufei checkpoint --at "$size" 2>/dev/null | sed -n 2p | grep -qx "$size" ||
        fail "checkpoint --at $size"
done

wrong() { # wrong WORDS ARGUMENT...: usage, and the words in its message
    local words=$1 status=0
    shift
    wufei "$@" >out 2>err || status=$?
    [ "$status" = 2 ] || fail "wufei $*: exit $status"
    grep -q -e "$words" err || fail "wufei $*: $(cat err)"
    [ ! -s out ] || fail "wufei $*: an answer all the same"
}
last=${sizes[2]}
wrong "1 to $last" stat --at 0
wrong "1 to $last" list sites --at $((last + 1))
wrong "1 to $last" balance --at 18446744073709551614
wrong "is not a number" balance --at many
wrong "is not a number" balance --at -1
wrong "is not a number" balance --at 99999999999999999999
wrong "does not take --at" import city --at 5
wrong "does not take --at" init --at 5
wrong "does not take --at" rebuild --check --at 5
wrong "does not take --at" archive --at 5
wrong "there is no entry" prove 300 --at 200
wrong "later than --at" checkpoint --since "then-$last/checkpoint" --at "$first"
wufei checkpoint --since "then-$first/checkpoint" --at "${sizes[1]}" 2>/dev/null >proof
head -n 1 proof | grep -q "$first" || fail "checkpoint --since with --at"
[ -z "$(ls tmp)" ] || fail "left in the temporary folder: $(ls tmp)"

echo "sizes ${sizes[*]}: answers of then are answers of then"
