#!/usr/bin/env bash
# Files of other systems through the command: an e-Manifest document and a map, what show tells of
# them, and refusals in both languages.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WUFEI_LEDGER=$work/ledger LC_ALL=C.UTF-8
unset LANGUAGE
failures=${failures:-0}
expect 0 "" wufei init --origin test.example/foreign

cat > "$work/m.json" <<'JSON'
{"manifestTrackingNumber": "123456789ELC", "submissionType": "Hybrid",
 "shippedDate": "2024-05-01T12:00:00.000+0000",
 "generator": {"epaSiteId": "GEN1"}, "transporters": [{"epaSiteId": "CAR1"}],
 "designatedFacility": {"epaSiteId": "FAC1"},
 "wastes": [{"lineNumber": 1, "dotHazardous": true, "epaWaste": true, "br": false, "pcb": false,
  "dotInformation": {"idNumber": {"code": "UN1993"}, "printedDotInformation": "UN1993, fuel, 3"},
  "quantity": {"quantity": 100, "unitOfMeasurement": {"code": "G"}}}]}
JSON
expect 0 "m.json: Emanifest.wastes.0.quantity: warning: 100 gallons is a volume" \
    wufei import --as emanifest "$work/m.json"
# handlers that are known are not read again, so the manifest alone is there already
expect 0 "" wufei import --as emanifest "$work/m.json"
same "$(cell "$work/out" file m.json already)" 1 "the second import"

# attributes are a table of their own, not a cell of JSON
expect 0 'description,"UN1993, fuel, 3"' wufei show 123456789ELC/1 --format csv
expect 0 "quantity,100 gallons" wufei show 123456789ELC/1 --format csv
grep -q '^attributes' "$work/out" && { echo "FAIL: attributes are a field"; failures=$((failures + 1)); }
expect 0 "附加项" wufei show 123456789ELC/1 --format table --lang zh
wufei show 123456789ELC/1 --format json > "$work/json"
grep -q '"un_number"' "$work/json" || { echo "FAIL: show --format json"; failures=$((failures + 1)); }

sed 's/"UN1993, fuel, 3"/17/; s/"quantity": 100/"quantity": 1.5/' "$work/m.json" > "$work/bad.json"
expect 1 "Emanifest.wastes.0.quantity.quantity: 1.5 is of type number, expected integer" \
    wufei import --as emanifest "$work/bad.json"
expect 1 "1.5 的类型为 number，应为 integer" wufei import --lang zh --as emanifest "$work/bad.json"

printf 'id,when\nR1,2026-03-01T08:00:00+08\nR2,later\n' > "$work/calls.csv"
printf '[calls.csv reports]\nreport_id = {id}\ntime = {when|time}\nlat = 30\nlon = 120\ncategory = odour\n' \
    > "$work/calls.ini"
expect 1 "calls.csv:3: when: \"later\" is not a time" \
    wufei import --map "$work/calls.ini" "$work/calls.csv"
same "$(cell "$work/out" file calls.csv entered)$(cell "$work/out" file calls.csv refused)" 11 "a map"
expect 1 "“later”不是时间" wufei import --lang zh --map "$work/calls.ini" "$work/calls.csv"
expect 2 "calls.ini:1: calls.csv is not on the command line" \
    wufei import --map "$work/calls.ini" "$work/m.json"

[ "$failures" = 0 ] || exit 1
