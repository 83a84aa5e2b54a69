#!/bin/bash
# wufei-sim: the same options give the same bytes, what a row names exists, rows stand in the order
# of their time, honest people's masses balance within the error of their scales, the answer key
# names what is in the bundle, and wrong use is told with exit status 2.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
cd "$work" || exit 1

fail() {
    echo "FAILED: $*" >&2
    failures=$((failures + 1))
}

# --- the same bytes for the same options, others for another seed
wufei-sim --out a --days 40 --seed 5 2>log || fail "a city: $(cat log)"
wufei-sim --out b --days 40 --seed 5 2>/dev/null || fail "the same city again"
wufei-sim --out c --days 40 --seed 6 2>/dev/null || fail "another city"
diff -rq a b || fail "the same seed gave other bytes"
for file in manifests manifest_events weighings tracks sites truth; do
    cmp -s a/$file.csv c/$file.csv && fail "another seed gave the same $file.csv"
done
wufei-sim --out z --days 40 --seed 5 --gzip-tracks 2>/dev/null || fail "a city with gzip"
zcat z/tracks.csv.gz | cmp - a/tracks.csv || fail "gzipped tracks differ from plain ones"

# --- wrong use is exit 2 with a word about what is wrong; the system's refusals are 4
expect_status() {
    local expected=$1
    shift
    wufei-sim "$@" >out.txt 2>err.txt
    local status=$?
    [ $status = "$expected" ] || fail "wufei-sim $*: exit status $status, expected $expected"
    [ "$expected" = 0 ] || [ -s err.txt ] || fail "wufei-sim $*: no message"
}
expect_status 2
expect_status 2 --out d --size 0
expect_status 2 --out d --size x
expect_status 2 --out d --size nan
expect_status 2 --out d --days 0
expect_status 2 --out d --days 9999
expect_status 2 --out d --seed -1
expect_status 2 --out d --start 2026-02-30
expect_status 2 --out d --start tomorrow
expect_status 2 --out d --start 1979-12-31
expect_status 2 --out d --manifests 0
expect_status 2 --out d --manifests 1000 --size 2
expect_status 2 --out d --ids-prefix 'a,b'
expect_status 2 --out d --unheard-of
expect_status 2 --out d word
expect_status 4 --out a --days 2              # holds a bundle already
expect_status 4 --out missing/folder --days 2 # its parent is missing
expect_status 0 --help
grep -q Example out.txt || fail "--help has no example"
[ -e d ] && fail "a wrong option left a folder behind"

# --- columns by name: column FILE NAME
column() {
    head -1 "$1" | tr ',' '\n' | grep -nx "$2" | cut -d: -f1
}

# --- what a row names exists: refers FROM COLUMN TO COLUMN (no quoted commas in these files)
refers() {
    local from=$1 from_column to=$3 to_column
    from_column=$(column "$from" "$2")
    to_column=$(column "$to" "$4")
    awk -F, -v f="$from_column" -v t="$to_column" -v name="$1 $2" '
        FNR == 1 { next }
        NR == FNR { known[$t] = 1; next }
        $f != "" { rows++; if (!($f in known)) { print name ": " $f " is unknown"; bad = 1; exit } }
        END { if (rows == 0) print name ": nothing to check"; exit bad || rows == 0 }
    ' "$to" "$from" || fail "references of $from"
}
check_references() {
    refers "$1/sites.csv" party_id "$1/parties.csv" party_id
    refers "$1/vehicles.csv" party_id "$1/parties.csv" party_id
    refers "$1/scales.csv" site_id "$1/sites.csv" site_id
    refers "$1/permits.csv" destination_site "$1/sites.csv" site_id
    refers "$1/activity.csv" site_id "$1/sites.csv" site_id
    refers "$1/generation.csv" site_id "$1/sites.csv" site_id
    refers "$1/stocktakes.csv" site_id "$1/sites.csv" site_id
    refers "$1/treatments.csv" site_id "$1/sites.csv" site_id
    refers "$1/manifests.csv" generator_site "$1/sites.csv" site_id
    refers "$1/manifests.csv" facility_site "$1/sites.csv" site_id
    refers "$1/manifests.csv" carrier_id "$1/parties.csv" party_id
    refers "$1/manifests.csv" vehicle_id "$1/vehicles.csv" vehicle_id
    refers "$1/manifest_events.csv" manifest_id "$1/manifests.csv" manifest_id
    refers "$1/manifest_events.csv" site_id "$1/sites.csv" site_id
    refers "$1/manifest_events.csv" scale_id "$1/scales.csv" scale_id
    refers "$1/weighings.csv" scale_id "$1/scales.csv" scale_id
    refers "$1/weighings.csv" manifest_id "$1/manifests.csv" manifest_id
    refers "$1/weighings.csv" vehicle_id "$1/vehicles.csv" vehicle_id
    refers "$1/tracks.csv" vehicle_id "$1/vehicles.csv" vehicle_id
}
check_references a
wufei-sim --out p --days 10 --size 0.2 --ids-prefix X9 2>/dev/null || fail "a small city"
check_references p
awk -F, 'NR > 1 && $1 !~ /^X9/ { print; exit 1 }' p/manifests.csv || fail "ids without the prefix"

# --- all streams and events are there, and ids are one row each but for exact duplicates
for stream in industrial hazardous construction medical household; do
    grep -q ",$stream," a/manifests.csv || fail "no $stream manifest"
done
for event in picked_up arrived received rejected returned confirmed corrected cancelled; do
    grep -q ",$event," a/manifest_events.csv || fail "no $event event"
done
for file in manifests weighings generation; do
    sort -u a/$file.csv | cut -d, -f1 | sort | uniq -d | head -3 >twice.txt
    [ -s twice.txt ] && fail "$file.csv: one id with two contents: $(cat twice.txt)"
    sort a/$file.csv | uniq -d | grep -q . || [ $file = generation ] || fail "$file.csv: no duplicate row"
done

# --- rows stand in the order of their time (of weighings: the later of the two)
sorted_by() {
    awk -F, -v one="$(column "$1" "$2")" -v two="$(column "$1" "${3:-$2}")" -v name="$1" '
        FNR == 1 { next }
        { at = $one > $two ? $one : $two }
        at < before { print name ":" FNR ": " at " after " before; exit 1 }
        { before = at }
    ' "$1" || fail "order of $1"
}
sorted_by a/manifests.csv filed_at
sorted_by a/manifest_events.csv time
sorted_by a/weighings.csv gross_at tare_at
sorted_by a/generation.csv time
sorted_by a/treatments.csv time
sorted_by a/stocktakes.csv time
sorted_by a/activity.csv to
sorted_by a/tracks.csv time
sorted_by a/filings.csv from
sorted_by a/reports.csv time

# --- the answer key: every kind of fraud, a mass, and manifests that are in the bundle
for fraud in F02 F03 F05 F06 F07 F12 F14; do
    cut -d, -f2 a/truth.csv c/truth.csv | grep -qx $fraud || fail "no case of $fraud"
done
grep -o '\(GY\|JZ\|SH\)20[0-9]*\|[^0-9]20[0-9]\{12\}' a/truth.csv | tr -d '|"' | sort -u >named.txt
cut -d, -f1 a/manifests.csv | sort -u | comm -23 named.txt - >unknown.txt
[ -s named.txt ] || fail "truth.csv names no manifest"
[ -s unknown.txt ] && fail "truth.csv names unknown manifests: $(head -3 unknown.txt)"

# --- honest people: what two scales say of one load agrees, and plants' books close
wufei-sim --out h --days 61 --seed 8 --no-frauds --no-tracks 2>/dev/null || fail "an honest city"
ls h/truth*.csv h/tracks* 2>/dev/null && fail "--no-frauds --no-tracks wrote a key or tracks"
awk -F, '
    FNR == 1 { next }
    FILENAME ~ /scales/ { site[$2] = 1; step[$1] = $3; next }
    FILENAME ~ /manifests/ { stream[$1] = $2; next }
    $2 == "corrected" || $2 == "rejected" { odd[$1] = 1 }
    $2 == "picked_up" && $8 != "" { sent[$1] = $7; from[$1] = step[$8] }
    $2 == "received" && $8 != "" { got[$1] = $7; to[$1] = step[$8] }
    END {
        for (m in got) {
            if (!(m in sent) || (m in odd) || stream[m] == "household")
                continue
            pairs++
            difference = got[m] - sent[m]; if (difference < 0) difference = -difference
            # four readings within 2.2 divisions, the worst calibration 1.3 %, rain 2 %
            if (difference > 2.2 * (from[m] + to[m]) + 0.034 * sent[m]) {
                print m ": sent " sent[m] ", received " got[m]; bad = 1
            }
        }
        if (pairs < 500) { print "only " pairs + 0 " pairs"; bad = 1 }
        exit bad
    }
' h/scales.csv h/manifests.csv h/manifest_events.csv || fail "loads of honest people"

# opening stock + received + made - treated - sent = closing stock, for each plant and code. The
# sums are over exact duplicates once; corrected masses count as corrected.
for file in manifest_events treatments stocktakes manifests; do
    awk '!seen[$0]++' h/$file.csv >h/$file.once
done
last=$(cut -d, -f2 h/stocktakes.once | cut -c1-10 | grep ^20 | sort -u | tail -1)
awk -F, -v first=2026-03-20 -v last="$last" '
    FNR == 1 { next }
    FILENAME ~ /sites/ { kind[$1] = $4; foreign[$1] = $7 !~ /^33/; next }
    FILENAME ~ /manifests/ { code[$1] = $3; next }
    FILENAME ~ /stocktakes/ {
        k = $1 "," $3; known[k] = 1
        if (substr($2, 1, 10) == first) open[k] = $4
        if (substr($2, 1, 10) == last) { close_[k] = $4; sigma[k] = $5 }
        next
    }
    FILENAME ~ /treatments/ {
        if (substr($3, 1, 10) >= last) next
        if (!($1 in treated)) { treated[$1] = 1; out[$2 "," $4] += $5 }
        if ($7 ~ /^[S0-9]/) in_[$2 "," $7] += $8
        next
    }
    $2 == "corrected" { right[$1 "," $4] = $7; next }
    $2 == "received" && substr($3, 1, 10) < last { mass[$1 "," $4] = $7; way[$1 "," $4] = 1 }
    $2 == "picked_up" && substr($3, 1, 10) < last { mass[$1 "," $4] = $7; way[$1 "," $4] = -1 }
    $2 == "returned" && substr($3, 1, 10) < last { in_[$4 "," code[$1]] += $7 }
    END {
        for (m in mass) {
            split(m, part, ","); k = part[2] "," code[part[1]]
            value = m in right ? right[m] : mass[m]
            if (way[m] > 0) in_[k] += value; else out[k] += value
        }
        for (k in known) {
            split(k, part, ",")
            if (foreign[part[1]] || kind[part[1]] !~ /incinerator|landfill|recycler|transfer|kiln|food|medical_t/)
                continue
            checked++
            missing = open[k] + in_[k] - out[k] - close_[k]
            if (missing < 0) missing = -missing
            # stock takes within 3.5 sigma, throughput within the worst calibration, a few divisions
            if (missing > 3.5 * 0.03 * (open[k] + close_[k]) + 0.014 * (in_[k] + out[k]) + 300) {
                print kind[part[1]] " " k ": " missing " kg of " in_[k] " missing"; bad = 1
            }
        }
        if (checked < 20) { print "only " checked + 0 " books"; bad = 1 }
        exit bad
    }
' h/sites.csv h/manifests.once h/stocktakes.once h/treatments.once h/manifest_events.once ||
    fail "books of honest plants"

# --- an approval to send waste to another province holds for a year at most (art. 27)
awk -F, '
    $3 == "cross_region" {
        approvals++
        if ($9 >= ((substr($8, 1, 4) + 1) substr($8, 5))) { print "longer than a year: " $0; bad = 1 }
    }
    END { if (approvals == 0) print "no approval"; exit bad || approvals == 0 }
' h/permits.csv || fail "approvals to other provinces"

# --- a wished number of manifests comes out, nearly
wufei-sim --out m --manifests 20000 --no-tracks 2>/dev/null || fail "--manifests"
count=$(($(wc -l <m/manifests.csv) - 1))
[ $count -gt 17000 ] && [ $count -lt 23000 ] || fail "--manifests 20000 gave $count"

# --- every row of a made city is entered: no refusals (skipped until the command is built)
if command -v wufei >/dev/null; then
    export WUFEI_LEDGER=$work/ledger
    wufei init >import.txt 2>&1 || fail "wufei init: $(tail -3 import.txt)"
    wufei import a >import.txt 2>&1
    status=$?
    [ $status = 0 ] || fail "import of a made city: exit status $status: $(tail -5 import.txt)"
    # the lawful city: no export without approval, no medical waste left lying, no gap in its
    # collection, and nobody treats what never came in
    wufei-sim --out l --days 120 --seed 8 --no-frauds --no-tracks 2>/dev/null || fail "a lawful city"
    export WUFEI_LEDGER=$work/lawful
    wufei init >import.txt 2>&1 && wufei import l >import.txt 2>&1 || fail "import of a lawful city"
    for rule in R07 R09 R10; do
        wufei audit -q --rule $rule --format csv >found.csv || fail "audit by $rule"
        [ "$(wc -l <found.csv)" = 1 ] || fail "$rule in a lawful city: $(sed -n 2p found.csv)"
    done
    wufei balance -q --by site --stream construction --format csv >balance.csv || fail "wufei balance"
    awk -F, -v closing="$(column balance.csv closing_kg)" '
        NR > 1 && $closing < 0 { print "below zero: " $0; bad = 1 }
        END { exit bad || NR < 5 }
    ' balance.csv || fail "books of construction waste in a lawful city"
else
    echo "SKIPPED: import of a made city (no wufei command in PATH)"
fi

[ $failures = 0 ] && echo "wufei-sim: all good"
exit $((failures > 0))
