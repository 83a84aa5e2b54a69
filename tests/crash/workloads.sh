# What the crash suite lets programs do; sourced by suite.sh, which calls it. Each workload NAME has
#
#     prepare_NAME    brings the root folder $root to where it begins, and writes into the trace what
#                     is promised of it already (mark; check.h says what the words mean)
#     act_NAME        the one process that is disturbed
#     after_NAME      if there is one: what it has promised when it came back
#
# $city and $more are bundles, $work is a folder outside of the root. Whatever prepare_NAME and
# act_NAME do to files under the root is recorded.

workloads="init guard import append sm2 archive backup restore rotate party revoke tiles witness ask"

mark() { crash-work mark "$*"; }
# made: a ledger is whole now, and all that it holds is promised
made() { crash-work acknowledge ledger "$root/ledger"; }
# enter LEDGER BUNDLE: the receipts of a preparation are of no interest
clear_receipt() { rm -f "$work"/receipt.*; }
enter() {
    clear_receipt
    wufei -L "$1" import "$2" --receipt "$work/receipt.tlog-proof" > /dev/null 2>&1
}
# write_more FOLDER [COUNT]: more acts of the city of ../command/bundle.sh
write_more() {
    local i
    mkdir -p "$1"
    {
        echo "batch_id,site_id,time,waste_code,mass_kg,basis"
        for i in $(seq 1 "${2:-40}"); do
            echo "B$i,F1,2026-03-0$((i % 9 + 1))T08:00:00+08:00,336-064-17,$((i % 90 + 1)),weighed"
        done
    } > "$1/generation.csv"
}

# --- ledgers, and entries for them

prepare_init() { mark may ledger init; }
act_init() { exec wufei -L "$root/ledger" init --origin crash.test.example/waste; }

# the last checkpoint is kept outside of the folder as well
prepare_guard() {
    mark may ledger init
    mkdir "$root/elsewhere"
}
act_guard() { exec wufei -L "$root/ledger" init --origin crash.test.example/waste \
    --guard "$root/elsewhere/guard"; }
after_guard() { mark guard ledger; }

prepare_import() {
    prepare_init
    wufei -L "$root/ledger" init --origin crash.test.example/waste
    made
}
act_import() { exec wufei -L "$root/ledger" import "$city"; }

# the same with the other suite
prepare_sm2() {
    prepare_init
    wufei -L "$root/ledger" init --origin crash.test.example/waste --suite sm2-sm3
    made
}
act_sm2() { act_import; }

# many small commits onto what is there, each of them with its guard; so all that follow
prepare_append() {
    prepare_guard
    wufei -L "$root/ledger" init --origin crash.test.example/waste --guard "$root/elsewhere/guard"
    mark guard ledger
    enter "$root/ledger" "$city"
    made
}
act_append() { exec crash-work import ledger "$root/ledger" "$more" 4; }

# two runs of 256 entries go into the archive
prepare_archive() {
    prepare_append
    write_more "$work/many" 600
    sed -i "s/^B\([0-9]*\),/B\1many,/" "$work/many/generation.csv"
    enter "$root/ledger" "$work/many"
    made
}
act_archive() { exec wufei -L "$root/ledger" archive --all; }

# --- copies

# tiles that other people read grow by full ones, and partial ones are superseded
prepare_tiles() {
    prepare_append
    mark tiles tiles ledger
    write_more "$work/many" 600
    sed -i "s/^B\([0-9]*\),/B\1many,/" "$work/many/generation.csv"
    wufei -L "$root/ledger" export --tiles "$root/tiles"
    after_tiles
    enter "$root/ledger" "$work/many"
    made
}
act_tiles() { exec wufei -L "$root/ledger" export --tiles "$root/tiles"; }
after_tiles() { mark exported tiles "$(sed -n 2p "$root/tiles/checkpoint")"; }

prepare_backup() {
    prepare_append
    mark may backup copy
}
act_backup() { exec wufei -L "$root/ledger" backup "$root/backup" --with-key; }
after_backup() { crash-work acknowledge backup "$root/backup"; }

# a backup, and then entries that are lost with the ledger that it takes the place of
prepare_restore() {
    prepare_append
    mark may backup copy
    wufei -L "$root/ledger" backup "$root/backup" --with-key > /dev/null
    after_backup
    mark replaced ledger "$(wufei -L "$root/ledger" stat | awk -F, '$1 == "entries" { print $2; exit }')"
    enter "$root/ledger" "$more"
}
act_restore() { exec wufei -L "$root/ledger" restore "$root/backup"; }

# --- keys. No name of a key's file is given where the command finds one itself.

prepare_rotate() { prepare_append; }
act_rotate() { exec wufei -L "$root/ledger" key rotate; }

# new_key: of a party, in $root/keys; its file in $key
new_key() { key=$root/keys/$(cd "$root/keys" && wufei key new | awk -F, 'NR == 2 { print $1 }'); }
prepare_party() {
    prepare_append
    mkdir "$root/keys"
    mark keys ledger keys
    new_key
    wufei -L "$root/ledger" key add PG "$key.pub" > /dev/null 2>&1
    made
    old=$key
    new_key
    echo "$old $key" > "$work/party.keys"
}
act_party() {
    read -r old key < "$work/party.keys"
    exec wufei -L "$root/ledger" key rotate PG --key "$old" --new "$key"
}

# two of three offline keys put another key in the operator's place
prepare_revoke() {
    local offline=() id
    prepare_append
    mkdir "$root/keys"
    for _ in 1 2 3; do
        new_key
        offline+=("$key")
    done
    new_key
    id=$(wufei -L "$root/ledger" key show | awk -F, '$1 == "operator" { print $2 }')
    wufei -L "$root/ledger" key quorum --threshold 2 "${offline[@]/%/.pub}"
    wufei -L "$root/ledger" key revoke operator --id "$id" --reason lost --new "$key" \
        --order "$work/revoke.order"
    wufei key sign "$work/revoke.order" --key "${offline[0]}"
    wufei key sign "$work/revoke.order" --key "${offline[2]}"
    made
    echo "$key" > "$work/successor"
}
act_revoke() {
    exec wufei -L "$root/ledger" key enter "$work/revoke.order" --new "$(cat "$work/successor")"
}

# --- witnesses

# a witness outside of the root has its key and its requests in $work/requests
prepare_witness() {
    local i ledger=$work/requests/ledger to=$work/requests
    mark witness state "$to"
    [ ! -d "$to" ] || return 0
    mkdir "$to"
    (
        unset LD_PRELOAD
        wufei -L "$ledger" init --origin crash.test.example/waste
        enter "$ledger" "$city"
        wufei witness key --new-key --key "$to/key" --name witness.crash.test/w
        echo "log $(wufei -L "$ledger" stat | sed -n 's/^vkey,//p')" > "$to/logs"
        wufei -L "$ledger" checkpoint > "$to/last"
        { echo "old 0" && echo && cat "$to/last"; } > "$to/request"
        for i in 1 2 3 4 5 6; do
            write_more "$work/for-witness" 5
            sed -i "s/^B\([0-9]*\),/B\1w$i,/" "$work/for-witness/generation.csv"
            enter "$ledger" "$work/for-witness"
            wufei -L "$ledger" checkpoint --since "$to/last" > "$to/request.$i"
            wufei -L "$ledger" checkpoint > "$to/last"
        done
    ) > /dev/null
}
act_witness() { exec crash-work witness state "$root/state" "$work/requests" 6; }

# a witness outside of the root, a process of its own, is asked
prepare_ask() {
    local asking=$work/asking
    prepare_append
    mkdir "$asking"
    echo "log $(wufei -L "$root/ledger" stat | sed -n 's/^vkey,//p')" > "$asking/logs"
    env -u LD_PRELOAD wufei witness serve --state "$asking/state" --key "$asking/key" --new-key \
        --name witness.crash.test/w --logs "$asking/logs" --listen 127.0.0.1:0 \
        > "$asking/line" 2> "$asking/log" &
    echo $! > "$work/witness.pid"
    for _ in $(seq 1 1200); do [ -s "$asking/line" ] || sleep 0.05; done
    [ -s "$asking/line" ] || { cat "$asking/log" >&2 && return 1; }
    {
        cat "$asking/logs"
        sed -E 's/^witness ([^ ]*)/witness w1/' "$asking/line"
        echo "quorum w1"
    } > "$asking/policy"
}
act_ask() { exec wufei -L "$root/ledger" witness ask --policy "$work/asking/policy"; }
after_ask() { mark witnessed ledger "$(sed -n 2p "$root/ledger/checkpoint")"; }
