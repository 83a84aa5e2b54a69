#!/usr/bin/env bash
# Wrong use: exit 2, one line on standard error that says what, and nothing on standard output.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
start

# wrong TEXT ARGUMENTS...
wrong() {
    local text=$1
    shift
    expect 2 "$text" wufei "$@"
    same "$(cat "$work/out")" "" "standard output of: wufei $*"
    same "$(wc -l < "$work/err")" 1 "lines on standard error of: wufei $*"
}

wrong "which command"
wrong "did you mean 'balance'" balanse
for planned in sign submit pickup actions indicators; do
    wrong "not in this version" $planned
done
wrong "unknown language 'fr'; allowed: en, zh" --lang fr stat
wrong "needs a value" -L

wrong "allowed: ed25519-sha256" init -L "$work/new" --suite rot13
wrong "unknown suite" init -L "$work/new" --suite sm2
wrong "expected one like +08:00" init -L "$work/new" --utc-offset 8
wrong "cannot be used" init -L "$work/new" --origin 'two words'
expect 2 "" wufei init -L "$work/city"

wrong "missing argument" import
wrong "allowed: bundle, emanifest" import --as xml "$work/city"
wrong "not both" import --as bundle --map m.ini "$work/city"
expect 2 "$work/nothing" wufei import "$work/nothing"

wrong "allowed: manifests, sites" list elephants
wrong "allowed: industrial, hazardous" list manifests --stream nuclear
wrong "allowed: filed, picked_up" list manifests --state lost
wrong "does not apply to scales" list scales --state filed
wrong "did you mean F1" list manifests --site F11
wrong "not that of a site" list manifests --site PG
wrong "is not a number" list manifests --limit many
wrong "is not a time" list manifests --from yesterday
wrong "is not before" list manifests --from 2026-03-02 --to 2026-03-01

# what names nothing is not answered with an empty list, which would read like a clean bill
for question in "list manifests" balance audit "list findings"; do
    wrong "no site NOPE in this ledger" $question --site NOPE
    wrong "no party NOPE in this ledger" $question --party NOPE
    wrong "did you mean F1" $question --site F11
    wrong "not that of a party" $question --party F1
done
for question in "list manifests" audit; do
    wrong "no vehicle 浙D12346 in this ledger; did you mean 浙D12345" $question --vehicle 浙D12346
done
for question in "list manifests" balance; do
    wrong "no waste code 336-064-99" $question --code 336-064-99
    wrong "no waste code SW9*" $question --code 'SW9*'
    wrong "in district 330999" $question --district 330999
done
expect 0 "" wufei balance --code 'SW*' --district 330602 --party PM --site C1
expect 0 "" wufei list permits --code 999-999-99
wrong "does not apply to findings" list findings --district 330602
wrong "unknown class 'rumour'" list findings --kind rumour

wrong "missing argument" show
wrong "did you mean M1" show M11
wrong "unexpected argument 'M2'" show M1 M2
wrong "audit --explain" show F0123456789ab

wrong "missing argument" trace
wrong "did you mean" trace H11
wrong "carries no mass" trace PG
wrong "unknown option '--sideways'" trace H1 --sideways

wrong "allowed: site, party, code" balance --by colour
wrong "whole days" balance --from 2026-03-02T10:00:00+08:00
wrong "unexpected argument" balance now
wrong "unknown format 'xml'; allowed: table, csv, json" balance --format xml

wrong "unknown rule 'R99'" audit --rule R99
wrong "is not a severity" audit --fail-on 9
wrong "no finding 'F000000000000'" audit --explain F000000000000
wrong "allowed: fact, suspicion" audit --class rumour
wrong "1 to " audit --at 500000

wrong "behind the last entry" verify --from 999999
wrong "is not a number" verify --from -1
wrong "unexpected argument" verify everything

wrong "missing argument" prove
wrong "there is no entry 999999" prove 999999
wrong "has the id 'XYZ'" prove XYZ
expect 4 "cannot write" wufei prove 0 -o "$work/no/such/folder/p"

wrong "No such file" checkpoint --since "$work/cp"
wrong "unknown option" checkpoint --sign
wrong "unexpected argument" checkpoint now
expect 4 "cannot write" wufei checkpoint -o "$work/no/such/folder/p"

wrong "unexpected argument" rebuild all
wrong "unknown option '--force'" rebuild --force
wrong "unknown option '-x'" stat -x
wrong "unexpected argument" stat everything

# the ledger itself
for command in stat verify "show M1" "list sites" "balance" "audit" "trace M1" "prove 0" checkpoint rebuild; do
    # shellcheck disable=SC2086
    expect 2 "no ledger at $work/none: make one with: wufei init, or name it with -L DIR" \
        wufei -L "$work/none" $command
done
expect 2 "is not a ledger" wufei -L "$work/city/sites.csv" stat

# a full disk is the system's failure
if [ -w /dev/full ]; then
    status=0
    wufei list manifests > /dev/full 2> "$work/err" || status=$?
    same "$status" 4 "list to a full disk"
fi
finish
