#!/usr/bin/env bash
# That nothing slips by the recorder: each function of the C library that changes files, and that our
# programs or LMDB use, is one of its own, or is named here with the reason why it need not be. (That
# what it records is right the explorer sees, which makes the files of the trace anew.)
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "" "" "$@"
changing="open open64 openat openat64 creat creat64 close write pwrite pwrite64 writev pwritev pwritev64
    pwritev2 truncate truncate64 ftruncate ftruncate64 fallocate fallocate64 posix_fallocate
    copy_file_range sendfile sendfile64 splice vmsplice msync sync syncfs sync_file_range fsync
    fdatasync rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat remove rmdir
    mkdir mkdirat mknod mknodat mkfifo fopen fopen64 freopen freopen64 fdopen fwrite fputs fputc
    fprintf vfprintf dprintf mkstemp mkostemp mkostemp64 mkdtemp tmpfile tmpfile64 dup dup2 dup3
    io_uring_enter aio_write"

declare -A let_by=(
    [fwrite]="FILE: answers on standard output, reports, the bundle that a mapping makes"
    [fputs]="FILE" [fputc]="FILE" [fprintf]="FILE" [vfprintf]="FILE"
    [dprintf]="the terminal, when it asks for a passphrase"
    [mkdtemp]="scratch folders in TMPDIR" [mkostemp]="scratch files in TMPDIR"
    [remove]="scratch folders in TMPDIR"
    [msync]="LMDB with a writable map, which the store never has"
)

nm -D --defined-only "$crash_bin/recorder.so" | awk '{ print $3 }' | sort -u > "$work/followed"
lmdb=$(ldd "$crash_bin/crash-work" | awk '/lmdb/ { print $3 }')
for program in "$crash_bin"/{wufei,crash-work,libwufei-service.so.0} "$lmdb"; do
    nm -D --undefined-only "$program" | awk '{ sub(/@.*/, "", $2); print $2 }'
done | sort -u > "$work/used"

seen=0
for name in $changing; do
    grep -qx "$name" "$work/used" || continue
    seen=$((seen + 1))
    grep -qx "$name" "$work/followed" || [ -n "${let_by[$name]:-}" ] ||
        { echo "FAIL: $name is used, and the recorder does not follow it"; failures=$((failures + 1)); }
done
for name in "${!let_by[@]}"; do
    grep -qx "$name" "$work/used" || { echo "FAIL: $name is let by, and nobody uses it"; failures=$((failures + 1)); }
done
[ "$seen" -ge 15 ] || { echo "FAIL: only $seen functions were seen"; failures=$((failures + 1)); }
finish
