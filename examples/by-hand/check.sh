#!/usr/bin/env bash
# Checks what a Wufei ledger promised with nothing of ours: openssl and coreutils are enough.
#
#   check.sh receipt VKEY ENTRY PROOF      that ENTRY stands in the signed tree (a .tlog-proof)
#   check.sh extends VKEY OLD NEW PROOF    that checkpoint NEW continues checkpoint OLD
#
# VKEY is the line "name+id+key" that you got from the operator when you began to trust it. PROOF of
# `extends` is what `wufei checkpoint --since OLD` wrote. Exit status 0: it holds; 1: it does not;
# 2: wrong use. Slow and short on purpose: read it.
#
# The key tells the suite, and so the hash of the tree: Ed25519 and SHA-256, or SM2 and SM3.
# Formats: c2sp.org/signed-note, tlog-checkpoint, tlog-proof, tlog-witness; hashes and loops of
# RFC 6962 section 2.1 and RFC 9162 sections 2.1.3.2 and 2.1.4.2.
set -euo pipefail
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

suite=ed25519
sm2_identifier=77756665692f736d322d736d332f76310a

fails() { echo "check.sh: does not hold: $*" >&2; exit 1; }
# Files that must be there; of all but an entry, text without NUL, which the shell would pass over.
needs() {
    local file
    for file; do
        [ -f "$file" ] && [ -r "$file" ] || { echo "check.sh: $file: there is no such file, or it cannot be read" >&2; exit 2; }
    done
}
needs_text() {
    local file
    needs "$@"
    for file; do
        [ "$(tr -cd '\0' <"$file" | wc -c)" -eq 0 ] || fails "$file has NUL bytes in it: it is no note and no proof"
    done
}
hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; }
base64_hex() { base64 -d <<<"$1" 2>/dev/null | hex; }
sha256() { sha256sum | cut -d' ' -f1; }
tree_hash() { if [ "$suite" = sm2 ]; then openssl dgst -sm3 -r | cut -d' ' -f1; else sha256; fi; }
node() { unhex "01$1$2" | tree_hash; }

# signed_note FILE VKEY PREFIX: verifies the note, and sets PREFIX_size and PREFIX_root (hex).
signed_note() {
    local name=${2%%+*} rest=${2#*+} text=$work/text key id line signature
    key=$(base64_hex "${rest#*+}")
    # 01 || 32 bytes, or ff || "wufei/sm2-sm3/v1" LF || 65 bytes; then the same key as OpenSSL reads it
    if [ "${key:0:2}" = 01 ] && [ ${#key} = 66 ]; then
        suite=ed25519
        unhex "302a300506032b6570032100${key:2}" >"$work/key.der"
    elif [ "${key:0:36}" = "ff$sm2_identifier" ] && [ ${#key} = 166 ]; then
        suite=sm2
        unhex "3059301306072a8648ce3d020106082a811ccf5501822d034200${key:36}" >"$work/key.der"
    else
        fails "the vkey is neither one of Ed25519 nor one of SM2"
    fi
    id=$({ printf '%s\n' "$name"; unhex "$key"; } | sha256)
    id=${id:0:8}
    [ "${rest%%+*}" = "$id" ] || fails "the vkey's id is not that of its name and key"
    sed '/^$/,$d' "$1" >"$text"
    line=$(sed '1,/^$/d' "$1" | while read -r dash signer value; do
        if [ "$dash" = "—" ] && [ "$signer" = "$name" ]; then
            signature=$(base64_hex "$value")
            [ "${signature:0:8}" != "$id" ] || echo "${signature:8}"
        fi
    done | head -n 1)
    [ -n "$line" ] || fails "$1 carries no signature of $name"
    unhex "$line" >"$work/signature"
    local options=()
    [ $suite = ed25519 ] || options=(-digest sm3 -pkeyopt distid:1234567812345678)
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$text" \
        ${options[@]+"${options[@]}"} -sigfile "$work/signature" >/dev/null 2>&1 || fails "the signature of $name in $1"
    [ "$(sed -n 1p "$text")" = "$name" ] || fails "$1 is of another ledger than $name"
    eval "$3_size=\$(sed -n 2p \"\$text\") $3_root=\$(base64_hex \"\$(sed -n 3p \"\$text\")\")"
}

# The lines of a file before its first empty one that are hashes, in hex.
read_hashes() {
    local line
    hashes=()
    while IFS= read -r line && [ -n "$line" ]; do
        case "$line" in
            c2sp.org/*|index\ *|extra\ *|old\ *) ;;
            *) hashes+=("$(base64_hex "$line")") ;;
        esac
    done <"$1"
}

receipt() {
    local vkey=$1 entry=$2 proof=$3 index last hash sibling
    needs "$entry"
    needs_text "$proof"
    [ "$(sed -n 1p "$proof")" = c2sp.org/tlog-proof@v1 ] || fails "$proof is not a tlog-proof"
    sed '1,/^$/d' "$proof" >"$work/note"
    signed_note "$work/note" "$vkey" tree
    index=$(sed -n 's/^index //p' "$proof" | head -n 1)
    read_hashes "$proof"
    [ "$index" -lt "$tree_size" ] || fails "entry $index is not among $tree_size"
    hash=$({ printf '\0'; cat "$entry"; } | tree_hash)
    last=$((tree_size - 1))
    local at=$index
    for sibling in "${hashes[@]}"; do
        [ "$last" -gt 0 ] || fails "the proof is too long"
        if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
            hash=$(node "$sibling" "$hash")
            while [ $((at & 1)) = 0 ] && [ "$at" -gt 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
        else
            hash=$(node "$hash" "$sibling")
        fi
        at=$((at >> 1)) last=$((last >> 1))
    done
    [ "$last" = 0 ] || fails "the proof is too short"
    [ "$hash" = "$tree_root" ] || fails "entry $index does not stand in the tree of $tree_size entries"
    echo "holds: $entry is entry $index of the $tree_size that were signed"
}

extends() {
    local vkey=$1 at last first second step
    needs_text "$2" "$3" "$4"
    signed_note "$2" "$vkey" old
    signed_note "$3" "$vkey" new
    read_hashes "$4"
    if [ "$old_size" = "$new_size" ]; then
        [ "$old_root" = "$new_root" ] || fails "two trees of $old_size entries were signed: a fork"
    elif [ "$old_size" -gt "$new_size" ]; then
        fails "$3 has fewer entries ($new_size) than $2 ($old_size): cut or rolled back"
    else
        at=$((old_size - 1)) last=$((new_size - 1))
        while [ $((at & 1)) = 1 ]; do at=$((at >> 1)) last=$((last >> 1)); done
        # a size that is a power of two is its own first node
        if [ $((old_size & (old_size - 1))) = 0 ]; then
            hashes=("$old_root" ${hashes[@]+"${hashes[@]}"})
        fi
        [ ${#hashes[@]} -gt 0 ] || fails "the proof is empty"
        first=${hashes[0]} second=${hashes[0]}
        for step in "${hashes[@]:1}"; do
            [ "$last" -gt 0 ] || fails "the proof is too long"
            if [ $((at & 1)) = 1 ] || [ "$at" = "$last" ]; then
                first=$(node "$step" "$first") second=$(node "$step" "$second")
                while [ $((at & 1)) = 0 ] && [ "$at" -gt 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
            else
                second=$(node "$second" "$step")
            fi
            at=$((at >> 1)) last=$((last >> 1))
        done
        [ "$last" = 0 ] || fails "the proof is too short"
        [ "$first" = "$old_root" ] && [ "$second" = "$new_root" ] ||
            fails "$3 does not continue $2: keep both, they prove that the ledger was rewritten"
    fi
    echo "holds: $new_size entries continue the $old_size that you knew"
}

case "${1:-} $#" in
    "receipt 4") receipt "$2" "$3" "$4" ;;
    "extends 5") extends "$2" "$3" "$4" "$5" ;;
    *) sed -n '2,5p' "$0" | sed 's/^# \{0,1\}//' >&2; exit 2 ;;
esac
