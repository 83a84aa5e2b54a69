#!/usr/bin/env bash
# Every text that people read has its Chinese one: what xgettext finds in the sources stands in the
# catalogue, translated, once, not fuzzy, and with the same printf conversions. What cannot be found so,
# the words of tables, is looked for in the answers of commands.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$WUFEI_SOURCE"
export LC_ALL=C.UTF-8

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# The entries of a catalogue, without its header.
entries() {
    awk 'BEGIN { RS = ""; ORS = "\n\n" } !/(^|\n)msgid ""\nmsgstr/'
}

# What the catalogue $2 has not of the texts $1; both together become $work/merged.po.
missing() {
    msgmerge --quiet --no-fuzzy-matching -o "$work/merged.po" "$2" "$1"
    msgattrib --untranslated --no-obsolete --no-wrap "$work/merged.po" | entries
}

find src ledger tools -name '*.[ch]' | LC_ALL=C sort >"$work/sources"
xgettext --from-code=UTF-8 --no-wrap -k -k_ -kN_ -f "$work/sources" -o "$work/texts.pot" 2>"$work/warnings" ||
    fail "xgettext: $(cat "$work/warnings")"
found=$(grep -c '^msgid' "$work/texts.pot")
[ "$found" -gt 1000 ] || fail "xgettext found $found texts only"

msgcat --use-first --no-wrap -o "$work/zh_CN.po" po/zh_CN/*.po
untranslated=$(missing "$work/texts.pot" "$work/zh_CN.po")
[ -z "$untranslated" ] || fail "no Chinese in po/zh_CN for:
$untranslated"
# msgmerge calls those fuzzy, too, whose printf conversions are others
fuzzy=$(msgattrib --only-fuzzy --no-obsolete --no-wrap "$work/merged.po" | entries)
[ -z "$fuzzy" ] || fail "fuzzy, or not with the same printf conversions: $fuzzy"
twice=$(msgcat --more-than=1 --no-wrap po/zh_CN/*.po | entries)
[ -z "$twice" ] || fail "in several fragments of po/zh_CN: $twice"
msgfmt --check --output-file="$work/wufei.mo" "$work/merged.po" || fail "msgfmt --check"

# The check itself: of a catalogue without one of its texts, that text is named.
msgattrib --no-wrap --no-obsolete "$work/merged.po" | msggrep --no-wrap -v -K -F -e 'out of memory' -o "$work/less.po" -
[[ $(missing "$work/texts.pot" "$work/less.po") == *'"out of memory"'* ]] || fail "a missing text is not noticed"

# What is said without going through _() has no words of its own.
words='^msgid ".*[A-Za-z]{2,}[,:;]? [a-z]{2,}'
xgettext --from-code=UTF-8 --no-wrap -k -kwf_fail:3 -kwf_fail_errno:2 -kwf_error_prefix:2 -kcommand_fail:3 \
    -kcommand_note:2 -f "$work/sources" -o "$work/plain.pot" 2>"$work/warnings"
plain=$(grep -E "$words" "$work/plain.pot" || true)
[ -z "$plain" ] || fail "said in English only: $plain"
grep -q '^msgid "%s: %s"' "$work/plain.pot" || fail "the check of what is said in English only finds nothing"

# Neither has a reason of ledger/proof that is in no N_(): whoever shows it looks it up.
find ledger/proof -name '*.c' ! -name 'verify_*' ! -name 'wufei_verify.c' >"$work/proof"
xgettext --from-code=UTF-8 --no-wrap -a -f "$work/proof" -o "$work/all.pot" 2>"$work/warnings"
msgcomm --no-wrap --less-than=2 "$work/all.pot" "$work/texts.pot" -o "$work/once.pot" 2>"$work/warnings"
msgcomm --no-wrap --more-than=1 "$work/all.pot" "$work/once.pot" -o "$work/unmarked.pot" 2>"$work/warnings"
unmarked=$(grep -E "$words" "$work/unmarked.pot" || true)
[ -z "$unmarked" ] || fail "in no N_(): $unmarked"

# The words of tables are found by their column, where xgettext sees none of them: rules and their
# parameters, checks and their results, states of keys.
export WUFEI_LEDGER=$work/ledger
wufei init --origin test.example/words >"$work/log" 2>&1
for answer in "audit --rules" "verify --signatures" scrub "key show"; do
    wufei --lang zh --format table $answer >"$work/answer"
    english=$(grep -E '(^| )(R[0-9]+ +[a-z]+_|proposal|of the |whole|not compared|holds|entries|tiles|valid)' "$work/answer" || true)
    [ -z "$english" ] || fail "wufei $answer in Chinese: $english"
    grep -qE '自拟|成立|完好|有效' "$work/answer" || fail "wufei $answer is not in Chinese: $(cat "$work/answer")"
done
