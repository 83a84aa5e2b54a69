#!/usr/bin/env bash
# Things of one name: KIND:ID reaches each of them in show, trace and prove, and who asks for the
# plain id is told of the others.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
start
mkdir "$work/more"
cat > "$work/more/parties.csv" <<'CSV'
party_id,name,roles,district
17,Seventeen,generator,330602
F1,Namesake of a site,generator,330602
party:PG,A party whose id looks like a form,generator,330602
CSV
cat > "$work/more/manifests.csv" <<'CSV'
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
F1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
CSV
expect 0 "" wufei import "$work/more"

expect 0 "manifest" wufei show F1
grep -qF "'F1' names several things: manifest:F1, site:F1, party:F1; the first is meant" "$work/err" ||
    same "$(cat "$work/err")" "several things" "show F1"
expect 0 "电镀一厂" wufei show site:F1
same "$(cat "$work/err")" "" "standard error of: show site:F1"
expect 0 "Namesake of a site" wufei show party:F1
expect 0 "" wufei -q show F1
same "$(cat "$work/err")" "" "standard error of: show -q F1"

expect 0 "Seventeen" wufei show 17
grep -qF "party:17, entry:17;" "$work/err" || same "$(cat "$work/err")" "party:17, entry:17" "show 17"
expect 0 "" wufei show entry:17
! grep -q Seventeen "$work/out" || same shown "not shown" "entry 17"
same "$(wufei prove entry:17 -o "$work/a" | tail -1 | cut -d, -f1)" 17 "prove entry:17"
[ "$(wufei prove 17 -o "$work/b" 2> "$work/err" | tail -1 | cut -d, -f1)" != 17 ] || same 17 party "prove 17"
grep -qF "entry:17" "$work/err" || same "" "entry:17" "prove 17"

expect 0 "" wufei trace site:F1
expect 0 "" wufei trace F1
grep -qF "manifest:F1, site:F1;" "$work/err" || same "$(cat "$work/err")" "manifest:F1, site:F1;" "trace F1"
expect 0 "" wufei trace manifest:M1
same "$(cat "$work/err")" "" "standard error of: trace manifest:M1"
expect 2 "carries no mass" wufei trace party:F1
expect 2 "there is no vehicle 'F1'" wufei show vehicle:F1
expect 2 "there is no entry '999999'" wufei prove entry:999999
expect 2 "there is no site ''" wufei show site:
expect 2 "has the id 'nothing:F1'" wufei show nothing:F1

# the form before the id that looks like one; that one by its own form
expect 0 "Red Star" wufei show party:PG
expect 0 "looks like a form" wufei show party:party:PG
expect 0 "treatment" wufei show treatment:X1
expect 0 "" wufei show treatment:X1/SW03
finish
