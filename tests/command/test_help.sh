#!/usr/bin/env bash
# --help everywhere, with an example, in two languages, also where no locale is installed.
set -euo pipefail
. "$(dirname "$0")/bundle.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
unset LANGUAGE
for command in init import list show trace balance audit verify prove checkpoint rebuild stat witness; do
    expect 0 "usage: wufei $command" wufei $command --help
    expect 0 "example" wufei help $command
    expect 0 "--format table|csv|json" wufei $command -h
    expect 0 "用法：wufei $command" wufei --lang zh $command --help
    for locale in C POSIX C.UTF-8; do
        expect 0 "示例" env LC_ALL=$locale wufei $command --help --lang zh
    done
    expect 0 "示例" env LC_ALL=zh_CN.UTF-8 wufei $command --help
    expect 0 "usage" env LC_ALL=zh_CN.UTF-8 wufei $command --help --lang en
done
expect 0 "planned, not in this version:" wufei --help
expect 0 "wufei 0" wufei --version
expect 2 "没有命令" wufei --lang zh balanse

# Nothing is wider than 100 columns, of which Chinese takes two a character, and no line ends in blanks.
for language in en zh; do
    for command in "" init import list show trace balance audit verify prove checkpoint export rebuild archive \
        stat backup restore witness scrub repair key; do
        wufei --lang $language $command --help >"$work/help"
        expect 0 "" test "$(wc -L <"$work/help")" -le 100
        expect 1 "" grep ' $' "$work/help"
    done
done
finish
