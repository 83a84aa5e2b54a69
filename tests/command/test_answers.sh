#!/usr/bin/env bash
# The answers of every subcommand on a tiny city whose masses are known.
# runs with both suites
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
start

# import: a second time changes nothing
expect 0 "" wufei import "$work/city" --format csv
same "$(cell "$work/out" file manifests.csv entered)$(cell "$work/out" file manifests.csv already)" 05 "second import"

# list: filters
wufei list manifests --stream hazardous > "$work/list"
same "$(tail -n +2 "$work/list" | cut -d, -f1 | paste -sd' ')" "M1 M2" "list by stream"
wufei list manifests --state picked_up > "$work/list"
same "$(tail -n +2 "$work/list" | cut -d, -f1 | paste -sd' ')" "M2" "list by state"
wufei list manifests --site T1 --from 2026-03-02T05:30:00+08:00 > "$work/list"
same "$(tail -n +2 "$work/list" | cut -d, -f1 | paste -sd' ')" "H2 H3" "list by site and time"
wufei list manifests --code 'SW*' --limit 2 > "$work/list"
same "$(wc -l < "$work/list")" 3 "list by code prefix, limited"
same "$(wufei list sites --kind community | wc -l)" 3 "list sites by kind"
same "$(wufei list parties --kind carrier | wc -l)" 3 "list parties by role"
for what in vehicles permits scales findings; do expect 0 "" wufei list $what; done

# show: object, history, weighings, problems
expect 0 "attested by operator" wufei show M1
expect 0 "10,2026-03-02T10:30:00+08:00" wufei show M1
expect 0 "W1,SC1" wufei show M1
expect 0 "in_transit,300" wufei show M2
for id in F1 PG 浙D12345 SC1 W1 G1 X1 0; do expect 0 "" wufei show $id; done
expect 0 "电镀一厂" wufei show F1


# show: acts that are possible but odd
odd_city=$work/oddcity
write_bundle "$odd_city"
cat >> "$odd_city/manifests.csv" <<'CSV'
O1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-04T08:00:00+08:00,
O2,hazardous,HW17,F1,PC,浙D12345,F1,2026-03-04T08:00:00+08:00,
O3,household,SW62,C1,PM,浙D88888,T1,2026-03-04T08:00:00+08:00,
CSV
cat >> "$odd_city/manifest_events.csv" <<'CSV'
O1,picked_up,2026-03-04T09:00:00+08:00,F1,PC,浙D12345,20,
O1,received,2026-03-04T10:00:00+08:00,I1,PF,浙D12345,20,
O1,confirmed,2026-03-04T11:00:00+08:00,I1,PF,,20,
O3,picked_up,2026-03-04T09:00:00+08:00,C1,PM,浙D88888,5,
O3,received,2026-03-04T10:00:00+08:00,T1,PM,浙D88888,20,
O3,picked_up,2026-03-04T11:00:00+08:00,C1,PM,浙D88888,20,
O3,confirmed,2026-03-04T12:00:00+08:00,T1,PM,,20,
O3,returned,2026-03-04T13:00:00+08:00,C1,PM,,5,
CSV
echo W2,SC1,浙D12345,2026-03-04T10:10:00+08:00,2990,2026-03-04T10:25:00+08:00,3000,O1,0 >> "$odd_city/weighings.csv"
cat >> "$odd_city/treatments.csv" <<'CSV'
X2,I1,2026-03-04T20:00:00+08:00,SW62,10,incineration,SW03,6
X2,I1,2026-03-04T20:00:00+08:00,SW62,10,incineration,leachate,5
CSV
(
    export WUFEI_LEDGER=$work/oddcityledger
    wufei init --origin test.example/odd > /dev/null
    expect 0 "" wufei import "$odd_city"
    expect 0 "other_site,20,2026-03-04T10:00:00+08:00" wufei show O1
    expect 0 "gross_below_tare,10," wufei show O1
    expect 0 "same_site,," wufei show O2
    expect 0 "HW17 is no known form of a waste code of the stream hazardous" wufei show O2
    expect 0 "pick_up_after_receipt,20," wufei show O3
    expect 0 "the pick-up lies after the receipt" wufei show O3
    expect 0 "returned_after_confirmed,5,2026-03-04T13:00:00+08:00" wufei show O3
    expect 0 "gross_below_tare,10," wufei show W2
    expect 0 "outputs_exceed_input,1," wufei show X2
    expect 0 "" wufei show M1
    grep -q '_after_\|other_site\|same_site\|waste_code,,\|gross_below' "$work/out" && failures=$((failures + 1))
    expect 0 "" wufei show X1
    grep -q 'outputs_exceed' "$work/out" && failures=$((failures + 1))
    exit $failures
) || failures=$((failures + 1))

# import: -q tells errors alone, the default the first 1000 of all, -v all
mkdir "$work/many"
{
    echo batch_id,site_id,time,waste_code,mass_kg,colour
    for i in $(seq 1 1005); do echo "Q$i,F1,2026-03-01T08:00:00+08:00,336-064-17,heavy,red"; done
} > "$work/many/generation.csv"
expect 1 "... and 6 more problems; all of them with -v" wufei import "$work/many"
same "$(wc -l < "$work/err")" 1002 "lines of an import"
expect 1 "unknown columns" wufei import -v "$work/many"
same "$(wc -l < "$work/err")" 1007 "lines of an import -v"
expect 1 "... and 5 more problems" wufei import -q "$work/many"
same "$(grep -c warning "$work/err")" 0 "warnings of an import -q"
expect 1 "--fail-on is 1" wufei audit --fail-on 1
expect 1 "" wufei audit --fail-on 1 -q
same "$(cat "$work/err")" "" "remarks of audit --fail-on -q"

# balance: known masses, and the identity on every row of every kind
wufei balance --by code > "$work/balance"
same "$(cell "$work/balance" code 336-064-17 generated_kg)" 1000 "generated"
same "$(cell "$work/balance" code 336-064-17 in_kg)" 590 "in"
same "$(cell "$work/balance" code 336-064-17 out_kg)" 890 "out: arrived or under way"
same "$(cell "$work/balance" code 336-064-17 unaccounted_kg)" 10 "unaccounted"
same "$(cell "$work/balance" code 336-064-17 closing_kg)" 690 "closing"
same "$(cell "$work/balance" code SW62 treated_kg)" 1500 "treated"
same "$(cell "$work/balance" code SW03 made_kg)" 300 "made"
wufei balance > "$work/balance"
same "$(cell "$work/balance" stream hazardous unaccounted_kg)" 10 "unaccounted of the stream"
for by in site party code stream district day; do
    wufei balance --by $by > "$work/balance"
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { d = $at["opening_kg"] + $at["generated_kg"] + $at["in_kg"] + $at["made_kg"] \
              + $at["undeclared_kg"] - $at["out_kg"] - $at["treated_kg"] - $at["product_kg"] \
              - $at["loss_kg"] - $at["unaccounted_kg"] - $at["closing_kg"]
          if (d > 0.0001 || d < -0.0001) { print "FAIL: does not add up: " $0; bad = 1 } }
        END { exit bad || NR < 2 }' "$work/balance" || failures=$((failures + 1))
done
wufei balance --by site --from 2026-03-02 --to 2026-03-03 > "$work/balance"
same "$(cell "$work/balance" site F1 opening_kg)" 1000 "opening of a window"
same "$(cell "$work/balance" site F1 closing_kg)" 400 "closing of a window"

# a treatment of no mass that puts something out is no flow of its code: the day it makes for itself
mkdir "$work/odd"
cat > "$work/odd/treatments.csv" <<'CSV'
treatment_id,site_id,time,waste_code,mass_kg,method,output_code,output_kg
Z1,I1,2026-03-05T20:00:00+08:00,SW62,0,drying,product,5
Z2,I1,2026-03-01T20:00:00+08:00,SW62,0,drying,product,7
CSV
wufei init -L "$work/oddledger" --origin test.example/odd > /dev/null
wufei import -L "$work/oddledger" "$work/city" > /dev/null
wufei import -L "$work/oddledger" "$work/odd" > /dev/null
expect 0 "" wufei balance -L "$work/oddledger" --by day --code SW62
same "$(cell "$work/out" day 2026-03-05 product_kg)" 5 "product of a treatment of no mass"
same "$(cell "$work/out" day 2026-03-05 opening_kg)" "$(cell "$work/out" day 2026-03-02 closing_kg)" "its day opens with the stock"
expect 0 "" wufei balance -L "$work/oddledger" --by day --code SW62 --from 2026-03-05
same "$(cell "$work/out" day 2026-03-05 opening_kg)" "$(cell "$work/out" day 2026-03-05 closing_kg)" "alone in the window"
same "$(cell "$work/out" day 2026-03-05 opening_kg)" 1500 "alone in the window, the stock"

# trace: through the transfer station in proportion; T1 held 2 000 + 1 000 kg when H3 took 1 500
wufei trace H1 --down > "$work/trace"
grep -q '^down,.*,picked_up,.*,H3,T1,I1,SW62,1000,1500,' "$work/trace" || same "no" "yes" "down through T1"
grep -q ',made,.*,X1,I1,I1,SW03,200,300,' "$work/trace" || same "no" "yes" "down into the ash"
grep -q ',on_site,,,T1,T1,SW62,1000,' "$work/trace" || same "no" "yes" "the rest is at T1"
wufei trace H3 --up > "$work/trace"
grep -q '^up,.*,generated,.*,G2,C1,C1,SW62,1000,2000,' "$work/trace" || same "no" "yes" "up to C1"
grep -q '^up,.*,generated,.*,G3,C2,C2,SW62,500,1000,' "$work/trace" || same "no" "yes" "up to C2"
expect 0 ",unaccounted," wufei trace M1
expect 0 ",in_transit," wufei trace M2
for id in C1 T1 G1 X1; do expect 0 "" wufei trace $id; done

# audit
expect 0 "finding_id,rule,class,severity,subject_kind,subject_id,from,to,kg,kg_low,kg_high,p,detected_at,related,sentence" \
    wufei audit --format csv
expect 0 "" wufei audit --rules

# verify, rebuild, checkpoint, stat
expect 0 "zero_sums,holds" wufei verify --signatures
expect 0 "book,equal" wufei rebuild --check
expect 0 "book,replaced" wufei rebuild
expect 0 "zero_sums,holds" wufei verify
expect 0 "test.example/city" wufei checkpoint
expect 0 "run verify and rebuild --check" wufei stat
expect 0 "book,not compared" wufei verify
# all was entered just now: a seventh and a thirtieth of it a day
total=$(wufei stat | awk -F, '$1 == "entries" && !found++ { print $2 }')
wufei stat > "$work/stat"
for days in 7 30; do
    same "$(awk -F, -v f="entries_per_day_$days" '$1 == f { print $2 }' "$work/stat")" \
        "$(awk -v n="$total" -v d="$days" 'BEGIN { printf "%.1f", n / d }')" "entries a day of $days days"
done

expect 0 "$(wufei --version | cut -d" " -f2)" wufei-verify --version

# prove, and let the independent checker judge; a changed entry must not pass
expect 0 "wufei-verify proof" wufei prove M1 -o "$work/m1.tlog-proof"
vkey=$(wufei stat | awk -F, '$1 == "vkey" { print $2 }')
expect 0 "" wufei-verify proof --vkey "$vkey" --entry "$work/m1.entry" "$work/m1.tlog-proof"
printf x >> "$work/m1.entry"
expect 1 "" wufei-verify proof --vkey "$vkey" --entry "$work/m1.entry" "$work/m1.tlog-proof"
wufei prove 3 --entry "$work/three.entry" > "$work/three.tlog-proof"
expect 0 "" wufei-verify proof --vkey "$vkey" --entry "$work/three.entry" "$work/three.tlog-proof"
wufei checkpoint -o "$work/checkpoint"
expect 0 "" wufei-verify checkpoint --vkey "$vkey" "$work/checkpoint"

# a refused row: named with its place, the rest goes in, exit 1; all or nothing keeps all out
mkdir "$work/more"
printf 'batch_id,site_id,time,waste_code,mass_kg\nG8,F1,2026-03-09T08:00:00+08:00,336-064-17,5\nG9,NOWHERE,2026-03-09T08:00:00+08:00,336-064-17,5\n' > "$work/more/generation.csv"
expect 1 "generation.csv:3" wufei import --all-or-nothing "$work/more"
expect 2 "G8" wufei show G8
expect 1 "generation.csv:3" wufei import "$work/more"
expect 0 "" wufei show G8

# in Chinese the words of states and events are Chinese, and a reason still names its column
mkdir "$work/again"
printf 'manifest_id,event,time,site_id,party_id,mass_kg\nM1,received,2026-03-04T10:30:00+08:00,D1,PF,590\n' > "$work/again/manifest_events.csv"
expect 1 "联单状态为“已确认”，不能登记“已接收”" wufei --lang zh import "$work/again"
expect 1 "the manifest is confirmed" wufei import "$work/again"
rm "$work/again/manifest_events.csv"
printf 'batch_id,site_id,time,waste_code,mass_kg\nG 8  9,F1,2026-03-09T08:00:00+08:00,336-064-17,5\n' > "$work/again/generation.csv"
expect 1 "generation.csv:2: batch_id: 含有连续的空格" wufei --lang zh import "$work/again"
expect 1 "generation.csv:2: batch_id: holds two spaces" wufei import "$work/again"
finish
