#!/usr/bin/env bash
# Malformed, oversized, unknown, duplicate and self-contradictory rows are refused with FILE:LINE:
# COLUMN and a reason, and nothing of them is kept: after each the ledger has the size it had, the
# log verifies and the book is what the log says. No input ends a program by a signal.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
start

cat > "$work/more.csv" <<'CSV'
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
FILED,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,100
GONE,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:10:00+08:00,100
CSV
mkdir "$work/more"
mv "$work/more.csv" "$work/more/manifests.csv"
cat > "$work/more/manifest_events.csv" <<'CSV'
manifest_id,event,time,site_id
GONE,cancelled,2026-03-04T08:20:00+08:00,F1
CSV
expect 0 "" wufei import "$work/more"

size() {
    wufei checkpoint | sed -n 2p
}
answers() {
    for what in manifests sites parties vehicles permits scales; do
        wufei list $what
    done
    wufei balance --by site
}
before=$(size)
answers > "$work/answers.before"

cases=0
# The bundle in $work/bad is imported: exit STATUS, PLACE on standard error, and nothing kept.
refused_folder() {
    local status=$1 place=$2 got=0
    cases=$((cases + 1))
    timeout 60 wufei import "$work/bad" > "$work/out" 2> "$work/err" || got=$?
    same "$got" "$status" "exit status for '$place'"
    if ! grep -qF -- "$place" "$work/err"; then
        echo "FAIL: '$place' was expected:"
        head -c 600 "$work/err"
        failures=$((failures + 1))
    fi
    same "$(size)" "$before" "entries after '$place'"
    expect 0 "" wufei verify
    expect 0 "" wufei rebuild --check
    rm -rf "$work/bad"
}
# refused PLACE FILE: FILE is standard input.
refused() {
    mkdir -p "$work/bad"
    cat > "$work/bad/$2"
    refused_folder 1 "$1"
}
# row_refused COLUMN REASON FILE HEADER ROW: one row behind a header.
row_refused() {
    refused "$3:2: $1: $2" "$3" < <(printf '%s\n%s\n' "$4" "$5")
}

# --- whole files
manifest=manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
event=manifest_id,event,time,site_id,party_id,vehicle_id,mass_kg,scale_id
site=site_id,party_id,name,kind,lat,lon
good="B1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-05T08:00:00+08:00,100"
at=2026-03-06T08:00:00+08:00
refused "manifests.csv:1: the file is empty" manifests.csv < <(:)
refused "manifests.csv:1: waste_code: the column is missing" manifests.csv < <(printf 'manifest_id,stream\nB1,hazardous\n')
refused "manifests.csv:1: stream: the column is there twice" manifests.csv < <(printf '%s,stream\n%s,x\n' $manifest "$good")
refused "manifests.csv:1: manifest_id: the column is missing" manifests.csv < <(printf 'parcel,weight\n1,2\n')
refused "manifests.csv:1: " manifests.csv < <(printf '"manifest_id,stream\n%s\n' "$good")
refused "manifests.csv:1: a header with the columns of manifests.csv was expected; this looks like UTF-16" \
    manifests.csv < <(printf '%s\n%s\n' $manifest "$good" | iconv -t UTF-16)
refused "manifests.csv:1: " manifests.csv < <(head -c 100000 /dev/urandom)
# what was read before the cut is a row like any other: here it is one that is known
refused "the gzip file manifests.csv.gz is damaged or cut short (unexpected end of file)" manifests.csv.gz < <(
    { echo $manifest; tail -n +2 "$work/city/manifests.csv"; seq 100000 | sha256sum; } | gzip | head -c -20)
refused "manifests.csv.gz:1: " manifests.csv.gz < <({ printf '\x1f\x8b\x08\x00'; head -c 1000 /dev/zero; })
mkdir -p "$work/bad/manifests.csv"
refused_folder 2 "manifests.csv is not a regular file"
mkdir -p "$work/bad"
mkfifo "$work/bad/manifests.csv"
refused_folder 2 "manifests.csv is not a regular file"
mkdir "$work/bad"
printf '%s\n%s\n' $manifest "$good" | tee "$work/bad/manifests.csv" | gzip > "$work/bad/manifests.csv.gz"
refused_folder 2 "holds both manifests.csv and manifests.csv.gz"
mkdir "$work/bad"
refused_folder 2 "holds no file of a bundle"

# --- rows and cells
row_refused_place() {
    refused "$2:2: $1" "$2" < <(printf '%s\n%s\n' "$3" "$4")
}
row_refused_place "the row has" manifests.csv $manifest "B1,hazardous,336-064-17"
row_refused_place "the row has" manifests.csv $manifest "$good,,,,"
row_refused_place "" manifests.csv $manifest "$good$(printf ',%.0s' {1..300})"
row_refused_place "" manifests.csv $manifest "\"$good"
row_refused_place "" manifests.csv $manifest "\"B1\"x${good#B1}"
refused "sites.csv:2: " sites.csv < <(
    { echo $site; printf 'S9,PG,'; head -c 300000 /dev/zero | tr '\0' x; echo ,factory,30,120; })
refused "sites.csv:2: " sites.csv < <({ echo $site; head -c 10000000 /dev/zero | tr '\0' x; echo; })
refused "sites.csv:2: " sites.csv < <({ echo $site; head -c 10000000 /dev/zero | tr '\0' ,; echo; })
row_refused site_id "is 5000 bytes long" sites.csv $site "$(printf 'S%.0s' {1..5000}),PG,x,factory,30,120"
refused "sites.csv:2: name: byte 1 is not UTF-8" sites.csv < <(printf '%s\nS9,PG,\xff\xfe,factory,30,120\n' $site)
refused "sites.csv:2: name: byte 1 is not UTF-8" sites.csv < <(printf '%s\nS9,PG,\xc0\xaf,factory,30,120\n' $site)
refused "sites.csv:2: name: holds a zero byte" sites.csv < <(printf '%s\nS9,PG,a\x00b,factory,30,120\n' $site)
refused "sites.csv:2: site_id: holds the control character" sites.csv < <(printf '%s\nS\a9,PG,a,factory,30,120\n' $site)
row_refused name "the cell is empty" sites.csv $site "S9,PG,,factory,30,120"

# --- values
for time in 2026-13-01T08:00:00+08:00 2026-02-30T08:00:00+08:00 2026-03-05T08:00:00 2026-03-05 yesterday \
    2026-03-05T25:00:00+08:00 9999-12-31T23:59:59+08:00; do
    row_refused filed_at "" manifests.csv $manifest "${good/2026-03-05T08:00:00+08:00/$time}"
done
for mass in -5 1.2345 1e5 nan inf 0x10 99999999999999999999 '1 000' 1000kg; do
    row_refused declared_kg "" manifests.csv $manifest "${good%100}$mass"
done
row_refused stream "\"nuclear\" is none of" manifests.csv $manifest "${good/hazardous/nuclear}"
row_refused event "\"stolen\" is none of" manifest_events.csv $event "FILED,stolen,$at,F1,,,,"
row_refused kind "\"castle\" is none of" sites.csv $site "S9,PG,x,castle,30,120"
row_refused lat "" sites.csv $site "S9,PG,x,factory,90.5,120"
row_refused lon "" sites.csv $site "S9,PG,x,factory,30,-180.0000001"
row_refused lat "" tracks.csv vehicle_id,time,lat,lon "浙D12345,$at,north,120"
row_refused division_kg "" scales.csv scale_id,site_id,division_kg "SC9,D1,0"
row_refused roles "" parties.csv party_id,name,roles "PX,x,emperor"
row_refused date "" calendar.csv date,working "2026-02-29,0"
row_refused working "" calendar.csv date,working "2026-02-28,perhaps"
permit=permit_id,holder_id,kind,waste_codes,valid_from,valid_to
row_refused waste_codes "the list has an empty place" permits.csv $permit "PE1,D1,treat,HW17||HW18,2026-01-01,2026-12-31"

# --- unknown ids
row_refused generator_site "" manifests.csv $manifest "${good/F1/NOWHERE}"
row_refused facility_site "" manifests.csv $manifest "${good/,D1,/,NOWHERE,}"
row_refused carrier_id "" manifests.csv $manifest "${good/PC/NOBODY}"
row_refused vehicle_id "" manifests.csv $manifest "${good/浙D12345/浙D00000}"
row_refused manifest_id "" manifest_events.csv $event "NONE,picked_up,$at,F1,PC,浙D12345,100,"
row_refused scale_id "" manifest_events.csv $event "FILED,picked_up,$at,F1,PC,浙D12345,100,SC99"
row_refused party_id "" sites.csv $site "S9,NOBODY,x,factory,30,120"
row_refused vehicle_id "" tracks.csv vehicle_id,time,lat,lon "浙D00000,$at,30,120"
row_refused site_id "" stocktakes.csv site_id,time,waste_code,mass_kg "NOWHERE,$at,336-064-17,5"
row_refused scale_id "" weighings.csv ticket_id,scale_id,vehicle_id,gross_at,gross_kg,tare_kg "W9,SC99,浙D12345,$at,10,5"

# --- the same id with other content
row_refused manifest_id "" manifests.csv $manifest "M1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-02T08:00:00+08:00,601"
row_refused site_id "" sites.csv $site "F1,PG,another name,factory,30.01,120.51"
row_refused batch_id "" generation.csv batch_id,site_id,time,waste_code,mass_kg,basis "G1,F1,2026-03-01T08:00:00+08:00,336-064-17,999,weighed"
row_refused ticket_id "" weighings.csv ticket_id,scale_id,vehicle_id,gross_at,gross_kg,tare_at,tare_kg,manifest_id,manual \
    "W1,SC1,浙D12345,2026-03-02T10:10:00+08:00,3600,2026-03-02T10:25:00+08:00,3000,M1,0"

# --- rows that contradict themselves or what has happened
row_refused valid_to "" permits.csv $permit "PE1,D1,treat,HW17,2026-12-31T00:00:00+08:00,2026-01-01T00:00:00+08:00"
row_refused to "" filings.csv filing_id,kind,site_id,from,to "FI1,shutdown,F1,$at,2026-03-01T00:00:00+08:00"
row_refused closed_at "" sites.csv $site,opened_at,closed_at "S9,PG,x,factory,30,120,$at,2026-01-01T00:00:00+08:00"
row_refused to "" activity.csv site_id,driver,from,to,value "F1,kwh,$at,2026-03-01T00:00:00+08:00,5"
row_refused output_code "" treatments.csv treatment_id,site_id,time,waste_code,mass_kg,method,output_code,output_kg "X9,I1,$at,SW62,1,incineration,,300"
row_refused site_id "" manifest_events.csv $event "M2,redirected,$at,,PC,,,"
row_refused mass_kg "" manifest_events.csv $event "M2,corrected,$at,F1,PC,,,"
row_refused manifest_id "" manifest_events.csv $event "FILED,received,$at,D1,PF,,100,"
row_refused manifest_id "" manifest_events.csv $event "FILED,arrived,$at,D1,PF,,,"
row_refused manifest_id "" manifest_events.csv $event "FILED,confirmed,$at,D1,PF,,,"
row_refused manifest_id "" manifest_events.csv $event "GONE,picked_up,$at,F1,PC,浙D12345,100,"
row_refused manifest_id "" manifest_events.csv $event "M2,cancelled,$at,F1,,,,"
row_refused manifest_id "" manifest_events.csv $event "M1,cancelled,$at,F1,,,,"
row_refused manifest_id "" manifest_events.csv $event "M1,received,$at,D1,PF,,590,"
row_refused manifest_id "" manifest_events.csv $event "FILED,returned,$at,F1,,,100,"
row_refused manifest_id "" manifest_events.csv $event "M1,redirected,$at,I1,,,,"
row_refused manifest_id "" manifest_events.csv $event "M1,confirmed,$at,D1,PF,,590,"

# --- a bad row does not keep its neighbours out; --all-or-nothing does
mkdir "$work/bad"
printf '%s\n%s\n%s\n' $manifest "$good" "${good/B1,hazardous,336-064-17,F1/B3,hazardous,336-064-17,NOWHERE}" > "$work/bad/manifests.csv"
expect 1 "manifests.csv:3: generator_site: " wufei import --all-or-nothing "$work/bad"
same "$(size)" "$before" "entries after a bundle refused as a whole"
expect 2 "" wufei show B1
answers > "$work/answers.after"
cmp "$work/answers.before" "$work/answers.after" || failures=$((failures + 1))
expect 1 "manifests.csv:3: generator_site: " wufei import "$work/bad"
expect 0 B1 wufei show B1
expect 0 "" wufei verify --signatures
expect 0 "" wufei rebuild --check
# two rows of one bundle with one id: the first stands
printf '%s\n%s\n%s\n' $manifest "${good/B1/B2}" "${good/B1,hazardous/B2,industrial}" > "$work/bad/manifests.csv"
expect 1 "manifests.csv:3: manifest_id: " wufei import "$work/bad"
wufei list manifests > "$work/list"
same "$(cell "$work/list" manifest_id B2 stream)" hazardous "the first of two rows with one id"
echo "$cases cases"
finish
