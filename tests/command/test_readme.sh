#!/usr/bin/env bash
# The tour of the README, command by command, on a city made as tools/run makes it but shorter: none may
# exit with anything but 0. What the README shows of answers is not compared: it is of the longer city.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 WUFEI_LEDGER=$work/ledger
unset LANGUAGE
cd "$work"
wufei-sim --out my-folder --seed 7 --days 6 > sim.log 2>&1
wufei init --origin demo.example/waste > init.csv
wufei import my-folder > import.csv 2> refused.txt || [ $? -eq 1 ] # some rows are refused, as in real life

failures=0
run=0
# the placeholders of the README, and its manifest, become what this city has
manifest=$(grep -oE 'wufei show [0-9]+' "$WUFEI_SOURCE/README.md" | head -1 | cut -d' ' -f3)
here=$(wufei list manifests --stream hazardous --state confirmed --limit 1 | awk -F, 'NR == 2 { print $1 }')
finding=$(wufei audit --limit 1 | awk -F, 'NR == 2 { print $1 }')
if [ -z "$manifest" ] || [ -z "$here" ] || [ -z "$finding" ]; then
    echo "FAIL: README names manifest '$manifest'; the city has manifest '$here' and finding '$finding'"
    exit 1
fi
vkey=$(wufei stat --format csv | awk -F, '$1 == "vkey" { print $2 }')
sed -n '/^## A five-minute tour/,/^## How good/p' "$WUFEI_SOURCE/README.md" | grep '^    \$ ' | cut -c7- > commands
while IFS= read -r command; do
    case $command in
    *manifest.json* | *' --map '*) continue ;; # files of others, that are not here
    'wufei witness serve'* | 'wufei witness ask' | *--witnessed*) continue ;; # system/test_witness
    esac
    command=${command//$manifest/$here}
    command=${command//FINDING/$finding}
    command=${command//VKEY/$vkey}
    command=${command//\/srv\/www/$work}
    command=${command//\/mnt\/disk/$work}
    got=0
    bash -euo pipefail -c "$command" > out 2> err < /dev/null || got=$?
    # rows of a simulated city are refused: an import may say so
    if [ "$got" -ne 0 ] && ! { [ "$got" -eq 1 ] && [[ $command == 'wufei import '* ]]; }; then
        echo "FAIL: README: $command: exit $got"
        head -5 err
        failures=$((failures + 1))
    fi
    run=$((run + 1))
done < commands
[ "$run" -ge 10 ] || { echo "FAIL: only $run commands were found in the README"; exit 1; }
[ "$failures" -eq 0 ] || { echo "$failures of $run failed"; exit 1; }
