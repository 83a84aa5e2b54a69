#!/bin/bash
# wufei-verify tiles: a whole log, made here with 300 entries, then spoilt in every file.
set -u
command -v wufei-verify >/dev/null || { echo "wufei-verify is not built: skipped"; exit 77; }
python3 -c '' 2>/dev/null && openssl version >/dev/null 2>&1 ||
    { echo "python3 or openssl is absent: skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null

cat >run.py <<'END'
import base64, hashlib, os, shutil, subprocess, sys
def sha(b): return hashlib.sha256(b).digest()
def node(a, b): return sha(b'\1' + a + b)
def b64(b): return base64.b64encode(b).decode()
def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b'')
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(root(hashes[:k]), root(hashes[k:]))
public = subprocess.run(['openssl', 'pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER'],
                        capture_output=True, check=True).stdout[-32:]
name = 'example.test/ledger'
key = b'\1' + public
ident = sha(name.encode() + b'\n' + key)[:4]
vkey = f'{name}+{ident.hex()}+{b64(key)}'
def checkpoint(size, top):
    text = f'{name}\n{size}\n{b64(top)}\n'
    open('text', 'w').write(text)
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', 'key.pem', '-in', 'text',
                    '-out', 'sig'], check=True)
    return f'{text}\n\u2014 {name} {b64(ident + open("sig", "rb").read())}\n'.encode()
def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, 'wb').write(data)
entries = [f'entry {i} '.encode() * (i % 7) for i in range(300)]
leaves = [sha(b'\0' + e) for e in entries]
def bundle(some): return b''.join(len(e).to_bytes(2, 'big') + e for e in some)
put('log/checkpoint', checkpoint(300, root(leaves)))
for size in (0, 1, 10, 256):
    put(f'log/checkpoint.{size}', checkpoint(size, root(leaves[:size])))
put('log/tile/entries/000', bundle(entries[:256]))
put('log/tile/entries/000.p/10', bundle(entries[:10]))
put('log/tile/entries/001.p/44', bundle(entries[256:]))
put('log/tile/0/000', b''.join(leaves[:256]))
put('log/tile/0/000.p/10', b''.join(leaves[:10]))
put('log/tile/0/001.p/44', b''.join(leaves[256:]))
put('log/tile/0/001.p/7', b''.join(leaves[256:263]))
put('log/tile/1/000.p/1', root(leaves[:256]))
failures = 0
def expect(status, pattern, what):
    global failures
    run = subprocess.run(['wufei-verify', 'tiles', '--vkey', vkey, 'log'], capture_output=True)
    text = run.stdout if status == 0 else run.stderr
    if run.returncode != status or pattern.encode() not in text:
        failures += 1
        print(f'FAIL: {what}: status {run.returncode}, expected {status} and "{pattern}"\n{text}')
expect(0, 'holds: 300 entries, their tiles and 5 checkpoints', 'the log as it is')
files = [os.path.join(d, f) for d, _, names in os.walk('log') for f in names]
assert len(files) == 13, files
for path in files:
    data = open(path, 'rb').read()
    places = {0, 1, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}
    for at in sorted(places):
        put(path, data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1:])
        expect(1, 'wufei-verify tiles: ', f'{path}: byte {at} changed')
    put(path, data[:-1])
    expect(1, '', f'{path}: cut off')
    put(path, data + b'\0')
    expect(1, '', f'{path}: longer')
    put(path, data)
for path in ('log/tile/entries/000', 'log/tile/0/000', 'log/tile/0/001.p/44', 'log/tile/1/000.p/1'):
    os.rename(path, 'away')
    expect(1, f'{path}: cannot be opened', f'{path} missing')
    os.rename('away', path)
for path in ('log/checkpoint', 'log/checkpoint.10', 'log/tile/entries/000', 'log/tile/0/001.p/44',
             'log/tile/0/000.p/10'):
    os.rename(path, 'away')
    os.mkfifo(path)
    expect(1, f'{path}: does not hold: it is no file', f'{path} is a pipe that nobody writes to')
    os.remove(path)
    os.rename('away', path)
put('log/tile/0/001.p/45', b''.join(leaves[256:]) + leaves[0])
put('log/tile/entries/001', bundle(entries[256:]) * 2)
expect(0, 'holds: 300 entries', 'what a later size has, which the checkpoint does not cover')
os.remove('log/tile/0/001.p/45')
os.remove('log/tile/entries/001')
put('log/tile/0/001.p/0', b'')
expect(1, 'a width of 1 to 255', 'a partial tile of no width')
os.remove('log/tile/0/001.p/0')
# a partial tile may be gone when the full one is there, as when the log grows under its reader
for path, whole in (('log/tile/0/001', b''.join(leaves[256:]) + leaves[0] * 212),
                    ('log/tile/entries/001', bundle(entries[256:]) + bundle(entries[:212]))):
    partial = path + '.p/44'
    data = open(partial, 'rb').read()
    os.remove(partial)
    put(path, whole)
    expect(0, 'holds: 300 entries', f'{path} for its partial one')
    put(path, b'\xff' + whole[1:])
    expect(1, 'wufei-verify tiles: ', f'{path}: a byte changed')
    put(path, whole[:len(data) - 1])
    expect(1, 'wufei-verify tiles: ', f'{path}: cut off')
    os.remove(path)
    expect(1, f'{partial}: cannot be opened', f'neither {path} nor its partial one')
    put(partial, data)
put('log/checkpoint.301', checkpoint(301, root(leaves + leaves[:1])))
expect(1, 'rolled back', 'a checkpoint beyond the newest')
os.remove('log/checkpoint.301')
put('log/checkpoint.split', checkpoint(10, root(leaves[1:11])))
expect(1, 'prove that it misbehaved', 'a second root for size 10')
os.rename('log/checkpoint.split', 'split')
def since(status, pattern, *kept):
    global failures
    options = [word for file in kept for word in ('--since', file)]
    run = subprocess.run(['wufei-verify', 'tiles', '--vkey', vkey] + options + ['log'], capture_output=True)
    if run.returncode != status or pattern.encode() not in (run.stdout if status == 0 else run.stderr):
        failures += 1
        print(f'FAIL: --since {kept}: {run}')
    return run.stdout
put('./kept', checkpoint(77, root(leaves[:77])))
put('./later', checkpoint(301, root(leaves + leaves[:1])))
since(0, 'and 6 checkpoints', 'kept')
since(2, 'cannot be opened', 'absent')
evidence = open('log/checkpoint', 'rb').read()
for file in 'split', 'later':
    if since(1, 'prove' if file == 'split' else 'evidence', 'kept', file) != open(file, 'rb').read() + b'\n' + evidence:
        failures += 1
        print(f'FAIL: the evidence against {file}')
expect(0, 'holds', 'the log as it was')
shutil.rmtree('log')
os.makedirs('log')
expect(2, 'cannot be opened', 'an empty folder')
put('log/checkpoint', checkpoint(0, root([])))
expect(0, 'holds: 0 entries', 'an empty log')
sys.exit(1 if failures else 0)
END
python3 run.py || exit 1

# another project's log, where it is at hand: every file of it, one byte changed
tessera=${WUFEI_SHARED:-$WUFEI_SOURCE/../shared}/vectors/tiles/tessera-log
if [ ! -r "$tessera/vkey" ]; then
    echo "the shared vectors are absent: Tessera's log is not checked"
    exit 0
fi
cp -r "$tessera" tessera && chmod -R u+w tessera
key=$(cat tessera/vkey)
wufei-verify tiles --vkey "$key" tessera >/dev/null || { echo "FAIL: Tessera's log"; exit 1; }
for file in tessera/checkpoint* $(find tessera/tile -type f); do
    cp "$file" whole
    printf 'x' | dd of="$file" bs=1 seek=20 conv=notrunc status=none
    [ "$(stat -c %s whole)" -gt 20 ] || printf 'x' | dd of="$file" bs=1 seek=1 conv=notrunc status=none
    if cmp -s "$file" whole; then
        echo "FAIL: $file was not changed"
        exit 1
    fi
    wufei-verify tiles --vkey "$key" tessera >/dev/null 2>&1
    [ $? = 1 ] || { echo "FAIL: $file changed and not refused"; exit 1; }
    cp whole "$file"
done
echo "all as expected"
