#!/usr/bin/env bash
# cmake --install puts library, headers, pkg-config file, programs and catalogue in place: a program is
# built and run against the installed tree alone, and the installed wufei works from anywhere.
set -euo pipefail
. "$(dirname "$0")/../command/bundle.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/usr
cmake --install "$WUFEI_BUILD" --prefix "$prefix" > "$work/log"
for file in bin/wufei bin/wufei-verify bin/wufei-sim include/wufei/wufei.h include/wufei/status.h \
            share/locale/zh_CN/LC_MESSAGES/wufei.mo; do
    [ -e "$prefix/$file" ] || same "missing" "there" "$file"
done

cd "$work"
unset WUFEI_LOCALE_DIR WUFEI_LEDGER LANGUAGE
export LC_ALL=C.UTF-8
write_bundle city
expect 0 "" "$prefix/bin/wufei" init
expect 0 "" "$prefix/bin/wufei" import city
expect 0 "hazardous,0,1000" "$prefix/bin/wufei" balance
expect 0 "用法" "$prefix/bin/wufei" balance --help --lang zh

# HTTP is a library of its own, found wherever the tree is; libwufei needs neither of what it stands on
mv "$prefix" "$work/there"
prefix=$work/there
"$prefix/bin/wufei" witness key --new-key --key w.pem --name w > line
printf '%s http://127.0.0.1:1\nquorum w\n' "$(cat line)" > policy
expect 1 "w: no answer" env -u http_proxy "$prefix/bin/wufei" witness ask --policy policy
needed=$(readelf -d "$(find "$prefix" -name libwufei.so.0)" | grep -cE 'NEEDED.*(curl|event)' || true)
same "$needed" 0 "libraries of HTTP that libwufei needs"

# pkg-config tells where the tree is now, wherever the build meant it to be and even after it was
# moved; and the example needs nothing else
mv "$prefix" "$work/elsewhere"
prefix=$work/elsewhere
pc=$(dirname "$(find "$prefix" -name wufei.pc)")
flags=$(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs wufei)
sanitize=
grep -q '^WUFEI_SANITIZE:BOOL=ON' "$WUFEI_BUILD/CMakeCache.txt" && sanitize=-fsanitize=address,undefined
# shellcheck disable=SC2086
cc -std=c11 -Wall -Wextra -Werror "$WUFEI_SOURCE/examples/balance.c" -o balance $flags $sanitize
expect 0 "hazardous: 10 kg unaccounted for" env LD_LIBRARY_PATH="$(dirname "$pc")" ./balance ledger
expect 2 "no ledger at nowhere" env LD_LIBRARY_PATH="$(dirname "$pc")" ./balance nowhere
finish
