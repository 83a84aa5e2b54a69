# Writes a tiny city into the folder $1; sourced by the tests. What happens in it:
#   hazardous: G1 makes 1 000 kg at F1. M1 takes 600 kg to D1, where 590 kg arrive: 10 kg are gone.
#   M2 takes 300 kg and never arrives.
#   household: communities C1 and C2 send 2 000 kg (H1) and 1 000 kg (H2) to the transfer station T1;
#   H3 takes 1 500 kg of the mixture to the incinerator I1, which makes 300 kg of ash of it.
write_bundle() {
    mkdir -p "$1"
    cat > "$1/parties.csv" <<'CSV'
party_id,name,roles,district
PG,"Red Star Plating, Ltd",generator,330602
PC,顺达运输有限公司,carrier,330602
PF,Clean Treatment Co,facility,330603
PM,City Sanitation,generator|carrier|facility,330602
CSV
    cat > "$1/sites.csv" <<'CSV'
site_id,party_id,name,kind,lat,lon,district
F1,PG,电镀一厂,factory,30.01,120.51,330602
D1,PF,Treatment plant,hazardous_treatment,30.05,120.60,330603
C1,PM,幸福小区,community,30.02,120.55,330602
C2,PM,Riverside,community,30.03,120.56,330602
T1,PM,Transfer station,transfer_station,30.04,120.57,330602
I1,PM,Incinerator,incinerator,30.08,120.65,330603
CSV
    cat > "$1/vehicles.csv" <<'CSV'
vehicle_id,party_id,kind,tare_kg,max_payload_kg
浙D12345,PC,van,3000,5000
浙D88888,PM,compactor,9000,8000
CSV
    cat > "$1/scales.csv" <<'CSV'
scale_id,site_id,division_kg,max_kg
SC1,D1,10,60000
CSV
    cat > "$1/generation.csv" <<'CSV'
batch_id,site_id,time,waste_code,mass_kg,basis
G1,F1,2026-03-01T08:00:00+08:00,336-064-17,1000,weighed
G2,C1,2026-03-01T08:00:00+08:00,SW62,2000,estimated
G3,C2,2026-03-01T08:00:00+08:00,SW62,1000,estimated
CSV
    cat > "$1/manifests.csv" <<'CSV'
manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,declared_kg
M1,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-02T08:00:00+08:00,600
M2,hazardous,336-064-17,F1,PC,浙D12345,D1,2026-03-03T08:00:00+08:00,300
H1,household,SW62,C1,PM,浙D88888,T1,2026-03-02T05:00:00+08:00,
H2,household,SW62,C2,PM,浙D88888,T1,2026-03-02T06:00:00+08:00,
H3,household,SW62,T1,PM,浙D88888,I1,2026-03-02T12:00:00+08:00,
CSV
    cat > "$1/manifest_events.csv" <<'CSV'
manifest_id,event,time,site_id,party_id,vehicle_id,mass_kg,scale_id
M1,picked_up,2026-03-02T09:00:00+08:00,F1,PC,浙D12345,600,
M1,arrived,2026-03-02T10:00:00+08:00,D1,,浙D12345,,
M1,received,2026-03-02T10:30:00+08:00,D1,PF,浙D12345,590,SC1
M1,confirmed,2026-03-03T09:00:00+08:00,D1,PF,,590,
M2,picked_up,2026-03-03T09:00:00+08:00,F1,PC,浙D12345,300,
H1,picked_up,2026-03-02T05:30:00+08:00,C1,PM,浙D88888,2000,
H1,received,2026-03-02T06:00:00+08:00,T1,PM,浙D88888,2000,
H2,picked_up,2026-03-02T06:30:00+08:00,C2,PM,浙D88888,1000,
H2,received,2026-03-02T07:00:00+08:00,T1,PM,浙D88888,1000,
H3,picked_up,2026-03-02T13:00:00+08:00,T1,PM,浙D88888,1500,
H3,received,2026-03-02T14:00:00+08:00,I1,PM,浙D88888,1500,
CSV
    cat > "$1/weighings.csv" <<'CSV'
ticket_id,scale_id,vehicle_id,gross_at,gross_kg,tare_at,tare_kg,manifest_id,manual
W1,SC1,浙D12345,2026-03-02T10:10:00+08:00,3590,2026-03-02T10:25:00+08:00,3000,M1,0
CSV
    cat > "$1/treatments.csv" <<'CSV'
treatment_id,site_id,time,waste_code,mass_kg,method,output_code,output_kg
X1,I1,2026-03-02T20:00:00+08:00,SW62,1500,incineration,SW03,300
CSV
}

failures=0
# expect STATUS "what it says" COMMAND...: runs it, checks status and that its output has the text.
expect() {
    local wanted=$1 text=$2 got=0
    shift 2
    "$@" > "$work/out" 2> "$work/err" || got=$?
    if [ "$got" -ne "$wanted" ]; then
        echo "FAIL: $*: exit $got, expected $wanted"
        head -5 "$work/out" "$work/err"
        failures=$((failures + 1))
    elif [ -n "$text" ] && ! grep -qF -- "$text" "$work/out" "$work/err"; then
        echo "FAIL: $*: does not say '$text'"
        head -5 "$work/out" "$work/err"
        failures=$((failures + 1))
    fi
}
# cell FILE KEYCOLUMN KEY COLUMN: one cell of a CSV without quoted cells.
cell() {
    awk -F, -v kc="$2" -v k="$3" -v c="$4" '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at[kc] == k { print $at[c]; exit }' "$1"
}
same() {
    if [ "$1" != "$2" ]; then
        echo "FAIL: $3: '$1', expected '$2'"
        failures=$((failures + 1))
    fi
}
start() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    export WUFEI_LEDGER=$work/ledger LC_ALL=C.UTF-8
    unset LANGUAGE
    write_bundle "$work/city"
    expect 0 "" wufei init --origin test.example/city --suite "${WUFEI_TEST_SUITE:-ed25519-sha256}"
    expect 0 "" wufei import "$work/city"
}
finish() {
    [ "$failures" -eq 0 ] || { echo "$failures failed"; exit 1; }
}
