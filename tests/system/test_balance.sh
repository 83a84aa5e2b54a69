#!/usr/bin/env bash
# The balance of a simulated city: every grouping adds up to the same masses, every row adds up in
# itself, days and periods join without a gap, and what can be added up from the bundle alone
# (generation, treatment) is what the book says.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WUFEI_LEDGER=$work/ledger LC_ALL=C.UTF-8
unset LANGUAGE
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# The sum of a column in grams. Kilograms with three decimals: awk's doubles hold them exactly as
# grams up to 9e12 kg.
sum() {
    awk -F, -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; if (!at) exit 1; next }
        { total += int($at * 1000 + ($at < 0 ? -0.5 : 0.5)) } END { printf "%.0f\n", total }' "$1"
}

# Exit 1 when a row does not add up, or its masses have more than three decimals.
rows_add_up() {
    awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        function g(name,  v) { v = $at[name] * 1000; return int(v + (v < 0 ? -0.5 : 0.5)) }
        {
            closing = g("opening_kg") + g("generated_kg") + g("in_kg") + g("made_kg") \
                + g("undeclared_kg") - g("out_kg") - g("treated_kg") - g("product_kg") \
                - g("loss_kg") - g("unaccounted_kg")
            if (closing != g("closing_kg")) { print "does not add up: " $0; bad = 1 }
        }
        END { exit bad + (NR < 2) }' "$1"
}

wufei-sim --out "$work/city" --size 0.5 --days 30 --seed 11 2> "$work/log" || { cat "$work/log"; exit 1; }
wufei init --origin test.example/balance > "$work/log"
wufei import -q "$work/city" > "$work/log" 2> "$work/err" || fail "import: $(head -3 "$work/err")"

columns="opening_kg generated_kg in_kg made_kg out_kg treated_kg product_kg loss_kg unaccounted_kg undeclared_kg closing_kg"
for by in site party code stream district; do
    wufei balance --by $by > "$work/$by"
    rows_add_up "$work/$by" || fail "--by $by"
    for column in $columns; do
        got=$(sum "$work/$by" $column)
        wanted=$(sum "$work/site" $column)
        [ "$got" = "$wanted" ] || fail "--by $by: $column is $got g, by site it is $wanted g"
    done
done
closing=$(sum "$work/site" closing_kg)
[ "$closing" -gt 0 ] || fail "nothing is on the sites: $closing g"

# days: the last closes with the stock, and each opens with what the one before closed with and what
# first stock takes found, which is the opening of the whole
wufei balance --by day > "$work/day"
rows_add_up "$work/day" || fail "--by day"
last=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "closing_kg") at = i }
    END { printf "%.0f\n", $at * 1000 }' "$work/day")
[ "$last" = "$closing" ] || fail "the last day closes with $last g, the sites hold $closing g"
found=$(($(sum "$work/day" opening_kg) - $(sum "$work/day" closing_kg) + last))
[ "$found" = "$(sum "$work/site" opening_kg)" ] || fail "--by day: $found g were found by stock takes"
for column in generated_kg in_kg made_kg out_kg treated_kg; do
    [ "$(sum "$work/day" $column)" = "$(sum "$work/site" $column)" ] || fail "--by day: $column"
done

# periods: the same, and the flows are the whole's
middle=$(awk -F, -v n="$(($(wc -l < "$work/day") / 2))" 'NR == n { print $1 }' "$work/day")
wufei balance --by code --to "$middle" > "$work/first"
wufei balance --by code --from "$middle" > "$work/second"
found=$(($(sum "$work/first" opening_kg) + $(sum "$work/second" opening_kg) - $(sum "$work/first" closing_kg)))
[ "$found" = "$(sum "$work/site" opening_kg)" ] || fail "periods: $found g were found by stock takes"
[ "$(sum "$work/second" closing_kg)" = "$closing" ] || fail "closing after $middle"
for column in generated_kg in_kg out_kg treated_kg; do
    both=$(($(sum "$work/first" $column) + $(sum "$work/second" $column)))
    [ "$both" = "$(sum "$work/code" $column)" ] || fail "periods: $column"
done

# filters: a stream's sites are the stream's row
while IFS=, read -r stream _; do
    wufei balance --by site --stream "$stream" > "$work/filtered"
    wanted=$(awk -F, -v s="$stream" 'NR == 1 || $1 == s' "$work/stream" > "$work/row"; sum "$work/row" closing_kg)
    [ "$(sum "$work/filtered" closing_kg)" = "$wanted" ] || fail "--stream $stream"
done < <(tail -n +2 "$work/stream")

# the bundle itself, without its repeated rows. Before a site's first generation of a code its pick-ups
# stand for it, so generation is compared from a day on which all had one. Treatments have one row an
# output, each with the whole mass.
start=$(awk -F, 'NR == 1 { next } !(($2, $4) in first) { first[$2, $4] = substr($3, 1, 10) }
    END { for (k in first) if (first[k] > last) last = first[k]; print last }' "$work/city/generation.csv")
start=$(date -d "$start + 1 day" +%F)
wufei balance --by site --from "$start" > "$work/since"
awk -F, -v start="$start" '
    NR == FNR { if (FNR == 1 || ($3 >= start && !seen[$1]++)) print > made; if (FNR > 1) makes[$2]; next }
    FNR == 1 || $1 in makes' made="$work/made" "$work/city/generation.csv" "$work/since" > "$work/makers"
[ "$(wc -l < "$work/made")" -gt 100 ] || fail "too few rows to compare: $(wc -l < "$work/made")"
[ "$(sum "$work/made" mass_kg)" = "$(sum "$work/makers" generated_kg)" ] ||
    fail "generated since $start: $(sum "$work/made" mass_kg) g in the bundle," \
        "$(sum "$work/makers" generated_kg) g in the book"
awk -F, 'NR == 1 || !seen[$1]++' "$work/city/treatments.csv" > "$work/treatments"
[ "$(sum "$work/treatments" mass_kg)" = "$(sum "$work/site" treated_kg)" ] ||
    fail "treated: the bundle has $(sum "$work/treatments" mass_kg) g"

[ "$failures" = 0 ] || exit 1
echo "balance: $(($(wc -l < "$work/site") - 1)) sites hold $closing g by every grouping"
