#!/usr/bin/env bash
# Answers on terminals of several widths, in both languages: no line is wider than the terminal, no
# number is cut, and a table that cannot fit stands upright, a field a line.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
start
# of util-linux, on every Debian; elsewhere it may be missing
command -v script > /dev/null || exit 77

# on COLUMNS COMMAND...: what the terminal shows, without colours
on() {
    local columns=$1
    shift
    script -qec "stty cols $columns; NO_COLOR=1 $*" /dev/null < /dev/null | tr -d '\r' > "$work/shown"
}
fits() {
    local wide
    wide=$(sed "s|.*\x1b\[K||" "$work/shown" | wc -L)
    if [ "$wide" -gt "$1" ]; then
        echo "FAIL: $2: $wide columns on a terminal of $1"
        failures=$((failures + 1))
    fi
}
says() {
    if ! grep -qE -- "$1" "$work/shown"; then
        echo "FAIL: $2: does not say '$1'"
        head -20 "$work/shown"
        failures=$((failures + 1))
    fi
}

# a larger city, for its findings
wufei-sim --out "$work/sim" --seed 7 --days 6 > "$work/log" 2>&1
wufei init -L "$work/large" --origin test.example/large > "$work/log"
wufei import -L "$work/large" "$work/sim" > "$work/log" 2>&1 || [ $? -eq 1 ]
wufei audit -L "$work/large" --format json > "$work/findings"
finding=$(wufei audit -L "$work/large" --limit 1 | awk -F, 'NR == 2 { print $1 }')
subject=$(grep -o '"subject_kind": "manifest", "subject_id": "[^"]*"' "$work/findings" | sed -n '1s/.*"\([^"]*\)"$/\1/p')
[ -n "$finding" ] && [ -n "$subject" ] || same "none" "some" "findings about a manifest"
for columns in 80 100 160; do
    for language in en zh; do
        for command in "list manifests" "list sites" "list parties" "show M1" "show F1" balance "audit --rules" \
            "audit -L $work/large" "audit -L $work/large --explain $finding" "trace H1" \
            "stat" "verify --signatures"; do
            # shellcheck disable=SC2086
            on "$columns" wufei --lang "$language" $command
            fits "$columns" "$command in $language"
        done
    done
done

# upright: one field a line, and the mass whole
on 80 wufei balance
says '^generated kg +1000$' "balance at 80"
on 160 wufei balance
says '^stream +opening kg' "balance at 160"
# one finding is always upright
on 80 wufei audit -L "$work/large" --explain "$finding"
says '^finding +F' "explain at 80"
says '^severity +[1-4]$' "explain at 80"
on 100 wufei audit -L "$work/large"
says ' severity ' "audit has its severity"
# a sentence goes on below itself, in whole words
on 80 wufei audit --rules
says '^ +without' "rules at 80"

# Chinese words for closed lists, and only in tables
on 160 wufei --lang zh show M1
says '已到达' "the event"
on 160 wufei --lang zh list parties
says '产生单位' "the roles"
on 160 wufei --lang zh list vehicles
says '压缩车' "the kind of a vehicle"
on 160 wufei --lang zh audit --rules
says '无联单转移.*危险废物转移管理办法' "a rule and its source"
on 160 wufei --lang zh show PM
says '角色 +产生单位[|]运输单位[|]处置单位' "the roles of a party"
expect 0 "roles,generator|carrier|facility" wufei --lang zh show PM

# no clean bill from a table that is empty
on 160 wufei show F1
says 'nothing in its own record; the audit was not asked' "an empty table of problems"
says 'wufei audit --about F1' "where more is known"
for id in SC1 浙D12345 PC; do
    on 160 wufei show "$id"
    says "wufei audit --about $id" "where more is known"
done

# --about: exactly the findings that have the id as subject or among the related
wufei audit -L "$work/large" --about "$subject" --format json > "$work/about"
named() { grep -E "\"subject_id\": \"$subject\"|\"related\": \"([^\"]*[|])?$subject([|\"])" "$1" || true; }
same "$(grep -c finding_id "$work/about")" "$(named "$work/findings" | wc -l)" "findings about $subject"
same "$(named "$work/about" | wc -l)" "$(grep -c finding_id "$work/about")" "findings about $subject alone"
expect 2 "NOBODY" wufei audit --about NOBODY
same "$(wufei audit -L "$work/large" --about "manifest:$subject" --format json | md5sum)" \
    "$(md5sum < "$work/about")" "--about manifest:$subject"
finish
