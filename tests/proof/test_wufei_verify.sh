#!/bin/bash
# wufei-verify from outside: its commands, exit statuses and what its errors say.
set -u
command -v wufei-verify >/dev/null || { echo "wufei-verify is not built: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# expect STATUS PATTERN COMMAND...: exit status, and an extended regular expression that standard
# output (status 0) or standard error (any other) must match.
expect() {
    local status=$1 pattern=$2 got
    shift 2
    "$@" >out 2>err </dev/null
    got=$?
    local stream=err other=out
    [ "$status" = 0 ] && stream=out other=err
    if [ "$got" != "$status" ]; then
        echo "FAIL (status $got, expected $status): $*"
        cat out err
        failures=$((failures + 1))
    elif ! grep -Eq -- "$pattern" "$stream"; then
        echo "FAIL (no \"$pattern\" on std$stream): $*"
        cat out err
        failures=$((failures + 1))
    elif [ -s "$other" ] && [ "${EVIDENCE:-}" = "" ]; then
        echo "FAIL (something on std$other): $*"
        cat out err
        failures=$((failures + 1))
    fi
}

v=wufei-verify
leaf0=6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
leaf1=96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7
root2=fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125

# ---- the program itself
expect 0 "Example" $v --help
expect 2 "unknown command \"conceal\"" $v conceal
expect 2 "Usage" $v
for c in inclusion consistency note checkpoint proof extends tiles; do
    expect 0 "Example" $v $c --help
    expect 2 "missing|expected at least 2 files" $v $c
    expect 2 "unknown option --frobnicate" $v $c --frobnicate 1
done
for c in inclusion consistency note; do
    expect 2 "unknown option --policy" $v $c --policy p.txt
done

# ---- inclusion
expect 0 "^holds" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 --root $root2 $leaf0
expect 0 "^holds" $v inclusion --leaf-hash=$leaf0 --index=0 --size=1 --root=$leaf0
expect 1 "does not hold.*root" $v inclusion --leaf-hash $leaf1 --index 0 --size 2 --root $root2 $leaf0
expect 1 "has 0 hashes, expected 1" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 --root $root2
expect 1 "has 2 hashes, expected 1" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 --root $root2 $leaf0 $leaf0
expect 1 "no entry 2" $v inclusion --leaf-hash $leaf1 --index 2 --size 2 --root $root2 $leaf0
expect 1 "no entry 0" $v inclusion --leaf-hash $leaf1 --index 0 --size 0 --root $root2
expect 2 "root is missing" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 $leaf0
expect 2 "index: \"01\"" $v inclusion --leaf-hash $leaf1 --index 01 --size 2 --root $root2 $leaf0
expect 2 "index: \"-1\"" $v inclusion --leaf-hash $leaf1 --index -1 --size 2 --root $root2 $leaf0
expect 2 "size: \"18446744073709551616\"" $v inclusion --leaf-hash $leaf1 --index 1 --size 18446744073709551616 --root $root2 $leaf0
expect 2 "HASH 1: \"abc\"" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 --root $root2 abc
expect 2 "root: .* not a SHA-256 hash" $v inclusion --leaf-hash $leaf1 --index 1 --size 2 --root ${root2}00 $leaf0
expect 2 "index is given more than 1 time" $v inclusion --index 1 --index 2
expect 2 "size needs a value" $v inclusion --size

# ---- consistency
expect 0 "^holds" $v consistency --size1 1 --root1 $leaf0 --size2 2 --root2 $root2 $leaf1
expect 0 "^holds" $v consistency --size1 2 --root1 $root2 --size2 2 --root2 $root2
expect 1 "different roots" $v consistency --size1 2 --root1 $leaf0 --size2 2 --root2 $root2
expect 1 "both roots" $v consistency --size1 1 --root1 $leaf1 --size2 2 --root2 $root2 $leaf1
expect 1 "size1 is 0" $v consistency --size1 0 --root1 $leaf0 --size2 2 --root2 $root2
expect 1 "above" $v consistency --size1 2 --root1 $root2 --size2 1 --root2 $leaf0 $leaf1
expect 1 "has 0 hashes, expected 1" $v consistency --size1 1 --root1 $leaf0 --size2 2 --root2 $root2
expect 2 "root2 is missing" $v consistency --size1 1 --root1 $leaf0 --size2 2

# ---- note, checkpoint: a real one of sum.golang.org
sumdb=sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8
other=PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
cat >latest <<'END'
go.sum database tree
35225469
vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=

— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=
END
sed 's/35225469/35225470/' latest >forged
expect 0 "^sum.golang.org$" $v note --vkey $sumdb latest
expect 0 "^sum.golang.org$" $v note --vkey $other --vkey $sumdb latest
expect 0 "^sum.golang.org$" $v note --vkey $other $sumdb latest
expect 0 "^size: 35225469$" $v checkpoint --vkey $sumdb latest
expect 0 "^size: 35225469$" $v checkpoint --vkey $sumdb --origin "go.sum database tree" latest
expect 0 "^signed by: sum.golang.org$" $v checkpoint --vkey $sumdb latest
expect 1 "origin is .* expected \"example.com/log\"" $v checkpoint --vkey $sumdb --origin example.com/log latest
expect 1 "not signed by \"PeterNeumann" $v checkpoint --vkey $sumdb --vkey $other latest
expect 1 "by a given key" $v note --vkey $other latest
for c in note checkpoint; do
    expect 1 "does not verify" $v $c --vkey $sumdb forged
    expect 2 "absent: cannot be opened: No such file" $v $c --vkey $sumdb absent
    expect 2 "is a directory, expected a file" $v $c --vkey $sumdb .
    expect 2 "vkey: \"nonsense\": .*NAME" $v $c --vkey nonsense latest
    expect 2 "vkey is missing" $v $c latest
    expect 2 "FILE is missing" $v $c --vkey $sumdb
    expect 1 "no empty line" $v $c --vkey $sumdb /dev/null
done
head -c 1048577 /dev/zero >huge
expect 1 "larger than 1048576 bytes" $v note --vkey $sumdb huge
$v note --vkey $sumdb - <latest >out || { echo "FAIL: note from standard input"; failures=$((failures + 1)); }

# a cosignature: the witness's published key is of type 01, its line has the id of type 04
cat >cosigned <<'END'
developers.google.com/android/binary_transparency/0
611
2GZ1zmS5VkfUZmn2ZyR4KZXwHLD+xnwBIWzql/cD50w=

— pixel_transparency_log csh42zBFAiAd3Y1FwqNTt5RglY0uG7heC6Yu1gEbXXPYmZ7LdOILMAIhAIt68PnR/3TADAaC7hvrSHbpziV7TmpIwOUydLmcjyTQ
— ArmoredWitness-small-breeze nRq5UQAAAABnoqrsRIofXn68vTohcAm2KG4ACGyRPNePUk02BSWD0WKV5ElejTk5Z+Tm3GmJ5j/etA+fkL9XuaQsnTyZbr437sF4AQ==
END
breeze=ArmoredWitness-small-breeze+7b3ada3a+AQAWYpUjfGGPQiWOgt6sLWap0P9rVOe+Ofu2uNZbO4FD
expect 0 "^cosigned by: ArmoredWitness-small-breeze at 1738713836 \(2025-02-05T00:03:56Z\)$" \
    $v checkpoint --witness $breeze cosigned
expect 0 "^the log's own signature: not checked" $v checkpoint --witness $breeze cosigned
expect 1 "by a given key" $v checkpoint --vkey $breeze cosigned
# (the same key as type 04, for the policies below)
breeze04=ArmoredWitness-small-breeze+9d1ab951+BAAWYpUjfGGPQiWOgt6sLWap0P9rVOe+Ofu2uNZbO4FD
sed 's/nRq5UQAAAABnoqrs/nRq5UQAAAABnoqrt/' cosigned >backdated
expect 1 "does not verify" $v checkpoint --witness $breeze backdated

# ---- policies
printf 'log %s https://sum.golang.org\nquorum none\n' $sumdb >none.policy
printf 'witness breeze %s\nquorum breeze\n' $breeze04 >breeze.policy
printf 'log %s\nwitness breeze %s\nquorum breeze\n' $sumdb $breeze04 >unreached.policy
printf 'log %s\nquorum none\n' $other >other.policy
printf 'log %s\nquorum some\n' $sumdb >bad.policy
# sum.golang.org's key is not named as its origin, which a policy asks for
expect 1 "not signed by a log of none.policy whose key is named as the checkpoint's origin, \"go.sum" \
    $v checkpoint --policy none.policy latest
expect 0 "^quorum: none is asked for$" $v checkpoint --vkey $sumdb --policy none.policy latest
expect 1 "by a given key" $v checkpoint --policy other.policy latest
expect 1 "latest: .*below the quorum of unreached.policy: witness breeze has not cosigned" \
    $v checkpoint --vkey $sumdb --policy unreached.policy latest
expect 2 "breeze.policy: the policy names no log" $v checkpoint --policy breeze.policy cosigned
expect 2 "bad.policy: line 2: \"some\" is not defined" $v checkpoint --policy bad.policy latest
expect 2 "absent.policy: cannot be opened" $v checkpoint --policy absent.policy latest
expect 2 "policy is given more than 1 time" $v checkpoint --policy none.policy --policy none.policy latest

# ---- proof, extends: a log of our own with three entries, signed here
if ! python3 -c 'import sys; sys.exit(0)' 2>/dev/null || ! openssl version >/dev/null 2>&1; then
    echo "python3 or openssl is absent: proof and extends are not run"
else
    openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
    python3 - <<'END'
import base64, hashlib, subprocess
def sha(b): return hashlib.sha256(b).digest()
def leaf(b): return sha(b'\0' + b)
def node(a, b): return sha(b'\1' + a + b)
def b64(b): return base64.b64encode(b).decode()
public = subprocess.run(['openssl', 'pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER'],
                        capture_output=True, check=True).stdout[-32:]
name = 'example.test/ledger'
key = b'\1' + public
ident = sha(name.encode() + b'\n' + key)[:4]
open('vkey', 'w').write(f'{name}+{ident.hex()}+{b64(key)}')
def checkpoint(size, root):
    text = f'{name}\n{size}\n{b64(root)}\n'
    open('text', 'w').write(text)
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', 'key.pem', '-in', 'text',
                    '-out', 'sig'], check=True)
    return f'{text}\n\u2014 {name} {b64(ident + open("sig", "rb").read())}\n'
entries = [b'first', b'second', b'third']
for i, e in enumerate(entries):
    open(f'{i}.entry', 'wb').write(e)
a, b, c = map(leaf, entries)
old, new = checkpoint(2, node(a, b)), checkpoint(3, node(node(a, b), c))
split = checkpoint(3, node(node(a, b), a))
d = leaf(b'fourth')
four = node(node(a, b), node(c, d))
open('four.note', 'w').write(checkpoint(4, four))
# from 3 entries to 4; the proof leads to the new root and shows what the old one had to be
open('to-four', 'w').write(f'old 3\n{b64(c)}\n{b64(d)}\n{b64(node(a, b))}\n\n{open("four.note").read()}')
open('empty.note', 'w').write(checkpoint(0, sha(b'')))
for file, text in (('old.note', old), ('new.note', new), ('split.note', split)):
    open(file, 'w').write(text)
def rotated():
    global public, key, ident
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', 'key.pem'], check=True,
                   capture_output=True)
    public = subprocess.run(['openssl', 'pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER'],
                            capture_output=True, check=True).stdout[-32:]
    key = b'\1' + public
    ident = sha(name.encode() + b'\n' + key)[:4]
    open('vkey2', 'w').write(f'{name}+{ident.hex()}+{b64(key)}')
    open('rotated.note', 'w').write(checkpoint(4, four))
    open('both.policy', 'w').write(f'log {open("vkey").read()}\nlog {open("vkey2").read()}\nquorum none\n')
rotated()
def proof(index, hashes, extra=''):
    lines = ''.join(b64(h) + '\n' for h in hashes)
    return f'c2sp.org/tlog-proof@v1\n{extra}index {index}\n{lines}\n{new}'
open('1.proof', 'w').write(proof(1, [a, c]))
open('2.proof', 'w').write(proof(2, [node(a, b)], 'extra AQID\n'))
open('wrong-index.proof', 'w').write(proof(0, [a, c]))
open('beyond.proof', 'w').write(proof(3, [a, c]))
open('no-magic.proof', 'w').write(proof(1, [a, c]).replace('@v1', '@v2'))
open('bad-hash.proof', 'w').write(proof(1, [a, c]).replace(b64(a), b64(a)[:-2] + 'x='))
open('leading-zero.proof', 'w').write(proof('01', [a, c]))
open('bad-extra.proof', 'w').write(proof(1, [a, c], 'extra AQI\n'))
open('consistency', 'w').write(f'old 2\n{b64(c)}\n\n{new}')
open('bare', 'w').write(f'old 2\n{b64(c)}\n\n')
open('other-checkpoint', 'w').write(f'old 2\n{b64(c)}\n\n{split}')
open('other-size', 'w').write(f'old 1\n{b64(c)}\n\n')
open('none', 'w').write('old 3\n\n')
open('from-empty', 'w').write('old 0\n\n')
# three witnesses; the checkpoint of w1 and w3 is cosigned, and w2's line in one of them is wrong
def witness(n):
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', f'w{n}.pem'], check=True,
                   capture_output=True)
    raw = subprocess.run(['openssl', 'pkey', '-in', f'w{n}.pem', '-pubout', '-outform', 'DER'],
                         capture_output=True, check=True).stdout[-32:]
    wname, wkey = f'w{n}.example', b'\4' + raw
    return wname, sha(wname.encode() + b'\n' + wkey)[:4], wkey
def cosign(n, text, time):
    open('text', 'w').write(f'cosignature/v1\ntime {time}\n{text}')
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', f'w{n}.pem', '-in', 'text',
                    '-out', 'sig'], check=True)
    wname, wid, _ = witnesses[n]
    return f'\u2014 {wname} {b64(wid + time.to_bytes(8, "big") + open("sig", "rb").read())}\n'
witnesses = {n: witness(n) for n in (1, 2, 3)}
text = new[:new.index('\n\n') + 1]
both = new + cosign(1, text, 1700000000) + cosign(3, text, 1700000060)
open('both.note', 'w').write(both)
open('one.note', 'w').write(new + cosign(1, text, 1700000000))
open('wrong.note', 'w').write(both + cosign(2, old[:old.index('\n\n') + 1], 1700000000))
open('both.proof', 'w').write(proof(1, [a, c])[:-len(new)] + both)
with open('policy', 'w') as policy:
    policy.write(f'log {open("vkey").read()}\n')
    for n, (wname, wid, wkey) in witnesses.items():
        policy.write(f'witness W{n} {wname}+{wid.hex()}+{b64(wkey)}\n')
    policy.write('group two 2 W1 W2 W3\nquorum two\n')
END
    key=$(cat vkey)
    expect 0 "^holds" $v proof --vkey "$key" --entry 1.entry 1.proof
    expect 0 "^index: 2$" $v proof --vkey "$key" --entry 2.entry 2.proof
    expect 1 "is not entry 1" $v proof --vkey "$key" --entry 0.entry 1.proof
    expect 1 "is not entry 0" $v proof --vkey "$key" --entry 1.entry wrong-index.proof
    expect 1 "index 3 is not below" $v proof --vkey "$key" --entry 1.entry beyond.proof
    expect 1 "tlog-proof@v1" $v proof --vkey "$key" --entry 1.entry no-magic.proof
    expect 1 "canonical base64" $v proof --vkey "$key" --entry 1.entry bad-hash.proof
    expect 1 "leading zeros" $v proof --vkey "$key" --entry 1.entry leading-zero.proof
    expect 1 "extra" $v proof --vkey "$key" --entry 1.entry bad-extra.proof
    expect 1 "by a given key" $v proof --vkey $sumdb --entry 1.entry 1.proof
    expect 1 "expected \"x\"" $v proof --vkey "$key" --origin x --entry 1.entry 1.proof
    # a witness says nothing of who keeps the log
    for c in "proof --entry 1.entry 1.proof" "extends old.note consistency" "tiles ."; do
        expect 2 "vkey is missing" $v $c --witness $breeze
    done
    # another kind of file is no forged note
    for c in note checkpoint; do
        expect 1 "consistency: does not hold: this is a consistency proof, a .* was expected" \
            $v $c --vkey "$key" consistency
        expect 1 "1.proof: does not hold: this is a receipt .*, a .* was expected" $v $c --vkey "$key" 1.proof
    done
    expect 1 "this is a consistency proof, a receipt was expected" \
        $v proof --vkey "$key" --entry 1.entry consistency
    expect 1 "this is a checkpoint, a receipt was expected" $v proof --vkey "$key" --entry 1.entry new.note
    expect 2 "entry is missing" $v proof --vkey "$key" 1.proof
    expect 2 "PROOF is missing" $v proof --vkey "$key" --entry 1.entry
    expect 2 "cannot be opened" $v proof --vkey "$key" --entry 9.entry 1.proof
    expect 2 "is a directory" $v proof --vkey "$key" --entry . 1.proof
    expect 0 "^quorum: two$" $v checkpoint --policy policy both.note
    expect 0 "^cosigned by: w3.example at 1700000060 \(2023-11-14T22:14:20Z\)$" $v checkpoint --policy policy both.note
    expect 0 "^signed by: example.test/ledger$" $v checkpoint --vkey "$key" --policy policy both.note
    expect 1 "below the quorum of policy: group two has 1 of 2: missing W2, W3" $v checkpoint --policy policy one.note
    expect 1 "below the quorum of policy: group two has 0 of 2: missing W1, W2, W3" $v checkpoint --policy policy new.note
    expect 1 "does not verify" $v checkpoint --policy policy wrong.note
    expect 0 "^quorum: two$" $v proof --policy policy --entry 1.entry both.proof
    expect 1 "1.proof: .*below the quorum of policy" $v proof --policy policy --entry 1.entry 1.proof
    expect 0 "^holds" $v extends --vkey "$key" old.note new.note consistency
    expect 0 "^holds" $v extends --vkey "$key" old.note new.note bare
    expect 0 "^holds" $v extends --vkey "$key" new.note new.note none
    expect 0 "^holds: size 4 extends size 3$" $v extends --vkey "$key" new.note four.note to-four
    expect 0 "^holds: size 4 extends size 3$" $v extends --vkey "$key" new.note to-four
    expect 0 "^size: 3$" $v extends --vkey "$key" old.note consistency
    # a log that changed its key in between: no one key signed both, a policy knows both
    expect 0 "^holds: size 4 extends size 3$" $v extends --policy policy new.note to-four
    expect 1 "by a given key" $v extends --vkey "$key" new.note rotated.note to-four
    expect 1 "new.note.*by a given key; the operator's key .* give both keys" \
        $v extends --vkey "$(cat vkey2)" new.note rotated.note to-four
    # or both keys are given: of those of one name, one must have signed each
    expect 0 "^holds: size 4 extends size 3$" \
        $v extends --vkey "$key" --vkey "$(cat vkey2)" new.note rotated.note to-four
    expect 0 "^holds: size 4 extends size 3$" \
        $v extends --vkey "$(cat vkey2)" --vkey "$key" new.note four.note to-four
    expect 1 "not signed by \"sum.golang.org" \
        $v extends --vkey "$key" --vkey $sumdb new.note four.note to-four
    expect 1 "not signed by \"example.test/ledger" $v checkpoint --vkey "$key" --vkey "$(cat vkey2)" new.note
    expect 0 "^holds: size 4 extends size 3$" $v extends --policy both.policy new.note rotated.note to-four
    expect 2 "carries no checkpoint" $v extends --vkey "$key" old.note bare
    expect 2 "expected at least 2 files" $v extends --vkey "$key" old.note
    expect 0 "empty tree" $v extends --vkey "$key" empty.note new.note from-empty
    expect 1 "is not the new checkpoint" $v extends --vkey "$key" old.note new.note other-checkpoint
    expect 1 "\"old\" size, 1, is not that of the old checkpoint, 2" \
        $v extends --vkey "$key" old.note new.note other-size
    # one file for another
    expect 1 "OLD is of 3 entries and NEW of 2: did you swap OLD and NEW\?$" \
        $v extends --vkey "$key" new.note old.note bare
    expect 1 "new.note is a checkpoint and bare a consistency proof: did you swap NEW and PROOF" \
        $v extends --vkey "$key" old.note bare new.note
    expect 1 "did you swap OLD and PROOF" $v extends --vkey "$key" consistency old.note
    expect 1 "old.note: does not hold: this is a checkpoint, a consistency proof was expected" \
        $v extends --vkey "$key" old.note new.note old.note
    expect 1 "1.proof: does not hold: this is a receipt .*, a checkpoint was expected" \
        $v extends --vkey "$key" 1.proof new.note consistency
    expect 1 "1.proof: does not hold: this is a receipt .*, a consistency proof was expected" \
        $v extends --vkey "$key" old.note new.note 1.proof
    # two notes of one size are evidence, whatever is given for a proof; it stands above what is told
    for file in bare other-checkpoint other-size 1.proof latest /dev/null; do
        $v extends --vkey "$key" new.note split.note $file >both.out 2>&1
        [ "$(sed '$d' both.out)" = "$(cat new.note; echo; echo old 3; echo; cat split.note)" ] &&
            [[ $(tail -1 both.out) = *"two roots for one size, 3; the two checkpoints above prove"* ]] ||
            { echo "FAIL: a fork with $file for a proof"; cat both.out; failures=$((failures + 1)); }
    done
    expect 1 "by a given key" $v extends --vkey $sumdb old.note new.note consistency
    EVIDENCE=1
    expect 1 "two roots for one size" $v extends --vkey "$key" new.note split.note none
    # the evidence is on standard output, byte for byte
    { cat new.note; echo; echo old 3; echo; cat split.note; } | cmp - out || failures=$((failures + 1))
    expect 1 "first 3 entries have the root [0-9a-f]{64}, as the proof shows, and the old.* prove that" \
        $v extends --vkey "$key" split.note four.note to-four
    { cat split.note; echo; cat to-four; } | cmp - out || failures=$((failures + 1))
    # and can be cut in two and checked again
    sed '1,/^$/d' out | sed '1,/^$/d' >again
    expect 1 "prove that the log misbehaved" $v extends --vkey "$key" split.note again
    sed -i 's/^old 3$/old 2/' again
    expect 1 "\"old\" size" $v extends --vkey "$key" split.note again
    expect 1 "does not lead to both roots" $v extends --vkey "$key" old.note split.note bare
    expect 1 "did you swap OLD and NEW\? If the log signed NEW after OLD, it was rolled back, and the two" \
        $v extends --vkey "$key" new.note old.note none
    EVIDENCE=
fi

if [ -w /dev/full ] && $v checkpoint --vkey $sumdb latest >/dev/full 2>err; then
    echo "FAIL: a verdict that cannot be written counts as one that holds"
    failures=$((failures + 1))
fi

# The program needs nothing but itself. (With sanitizers it is built otherwise.)
built=$(command -v $v)
if command -v readelf >/dev/null && ! grep -q "WUFEI_SANITIZE:BOOL=ON" "$WUFEI_BUILD/CMakeCache.txt"; then
    if readelf -d "$built" | grep -q NEEDED || readelf -l "$built" | grep -q INTERP; then
        echo "FAIL: $built is not static"
        failures=$((failures + 1))
    fi
    mkdir empty && cp "$built" empty/wufei-verify
    expect 0 "^size: 35225469$" env -i ./empty/wufei-verify checkpoint --vkey $sumdb latest
fi

# A court copies the folder, and only the folder.
if command -v cc >/dev/null && [ -n "${WUFEI_SOURCE:-}" ]; then
    mkdir copy && cp "$WUFEI_SOURCE"/ledger/proof/*.[ch] copy &&
        (cd copy && cc -O1 -w ./*.c -lcrypto -o wufei-verify) &&
        expect 0 "^size: 35225469$" ./copy/wufei-verify checkpoint --vkey $sumdb latest
    [ -x copy/wufei-verify ] || { echo "FAIL: the folder alone does not compile"; failures=$((failures + 1)); }
fi

[ $failures = 0 ] && echo "all as expected"
exit $((failures > 0))
