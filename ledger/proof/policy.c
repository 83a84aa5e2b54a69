/*
 * proof/policy.c: reading C2SP policy files. See policy.h.
 *
 *   log VKEY [URL]
 *   witness NAME VKEY [URL]
 *   group NAME all|any|K NAME...      K of the members, 1 to as many as there are
 *   quorum NAME|none                  exactly once
 *   # comment
 *
 * Words stand apart by spaces and tabs; every line ends in LF. Octets are tab, LF, 0x20 to 0x7e and
 * 0x80 to 0xff; names are compared octet by octet. A name is defined before it is used, defined
 * once, and a member of one group at most. "none" cannot be defined: it means something already.
 *
 * Stricter than sigsum-go's reader, as the specification asks: that takes a last line without LF,
 * CR before it, and a threshold with a sign or leading zeros. Keys of witnesses are of type 04.
 */
#include "policy.h"
#include "lines.h"
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* keyword, name, threshold and every name there may be */
enum { WORDS_MAX = POLICY_NAMES_MAX + 3 };

typedef struct word {
    const char *text;
    size_t size;
} word;

typedef struct parser {
    policy *out;
    size_t line;
    bool quorum_given;
    word words[WORDS_MAX];
    size_t count;
} parser;

__attribute__((format(printf, 2, 3))) static bool refuse(parser *p, const char *format, ...)
{
    char *at = p->out->reason;
    int size = snprintf(at, POLICY_REASON_MAX, _("line %zu: "), p->line);
    va_list values;
    va_start(values, format);
    vsnprintf(at + size, POLICY_REASON_MAX - (size_t)size, format, values);
    va_end(values);
    return false;
}

static bool is(const word *w, const char *text)
{
    return w->size == strlen(text) && memcmp(w->text, text, w->size) == 0;
}

/* For messages: names may be longer than a message has room for. */
static int shown(const word *w)
{
    return w->size < 80 ? (int)w->size : 80;
}

static int find_name(const policy *p, const word *w)
{
    for (size_t i = 0; i < p->name_count; i++)
        if (is(w, p->names[i].name))
            return (int)i;
    return POLICY_NONE;
}

static bool take_key(parser *p, const word *w, note_key *out)
{
    char vkey[2 * NOTE_NAME_MAX];
    if (w->size >= sizeof vkey)
        return refuse(p, _("the verifier key is longer than %zu bytes"), sizeof vkey - 1);
    memcpy(vkey, w->text, w->size);
    vkey[w->size] = 0;
    const char *reason = note_key_parse(out, vkey);
    return reason == NULL || refuse(p, _("\"%.*s\": %s"), shown(w), w->text, _(reason));
}

static bool take_url(parser *p, size_t at, char *out)
{
    if (at >= p->count)
        return true;
    const word *w = &p->words[at];
    if (w->size > POLICY_URL_MAX)
        return refuse(p, _("the URL is longer than %d bytes"), POLICY_URL_MAX);
    memcpy(out, w->text, w->size);
    return true;
}

/* Two keys are the same when the public key is, whatever name and type they carry. */
static bool same_key(const note_key *a, const note_key *b)
{
    return memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0;
}

static bool take_log(parser *p)
{
    policy *out = p->out;
    if (p->count < 2 || p->count > 3)
        return refuse(p, _("expected: log VKEY [URL]"));
    if (out->log_count == POLICY_LOGS_MAX)
        return refuse(p, _("more than %d logs"), POLICY_LOGS_MAX);
    policy_log *log = &out->logs[out->log_count];
    if (!take_key(p, &p->words[1], &log->key) || !take_url(p, 2, log->url))
        return false;
    for (size_t i = 0; i < out->log_count; i++)
        if (same_key(&out->logs[i].key, &log->key))
            return refuse(p, _("the key of this log is that of an earlier one, \"%s\""),
                          out->logs[i].key.name);
    out->log_count++;
    return true;
}

/* A new name at the end of the list, not counted yet; NULL: told. */
static policy_name *new_name(parser *p, const word *w)
{
    policy_name *name = &p->out->names[p->out->name_count];
    if (w->size > POLICY_NAME_MAX)
        refuse(p, _("the name \"%.*s...\" is longer than %d bytes"), shown(w), w->text,
               POLICY_NAME_MAX);
    else if (is(w, "none"))
        refuse(p,
               _("\"none\" is the quorum that asks for nobody and cannot be the name of a witness "
                 "or group"));
    else if (find_name(p->out, w) != POLICY_NONE)
        refuse(p, _("\"%.*s\" is defined already; witnesses and groups share their names"),
               shown(w), w->text);
    else {
        memcpy(name->name, w->text, w->size);
        name->group = POLICY_NONE;
        return name;
    }
    return NULL;
}

static bool take_witness(parser *p)
{
    policy *out = p->out;
    if (p->count < 3 || p->count > 4)
        return refuse(p, _("expected: witness NAME VKEY [URL]"));
    if (out->witness_count == POLICY_WITNESSES_MAX)
        return refuse(p, _("more than %d witnesses"), POLICY_WITNESSES_MAX);
    policy_name *name = new_name(p, &p->words[1]);
    policy_witness *witness = &out->witnesses[out->witness_count];
    if (name == NULL || !take_key(p, &p->words[2], &witness->key) || !take_url(p, 3, witness->url))
        return false;
    if (witness->key.type != NOTE_KEY_TYPE_COSIGNATURE)
        return refuse(p,
                      _("the key of witness \"%.*s\" is of type %02x; a witness signs with a key "
                        "of type 04 (cosignature)"),
                      shown(&p->words[1]), p->words[1].text, witness->key.type);
    for (size_t i = 0; i < out->witness_count; i++)
        if (same_key(&out->witnesses[i].key, &witness->key))
            return refuse(p, _("the key of this witness is that of an earlier one, \"%s\""),
                          out->witnesses[i].key.name);
    name->witness = out->witness_count++;
    out->name_count++;
    return true;
}

static bool take_threshold(parser *p, const word *w, size_t members, size_t *out)
{
    uint64_t number = 0;
    if (is(w, "all"))
        number = members;
    else if (is(w, "any"))
        number = 1;
    else if (!line_number_parse(&number, w->text, w->size))
        return refuse(p, _("\"%.*s\" is not all, any or a decimal without sign or leading zeros"),
                      shown(w), w->text);
    if (number < 1 || number > members)
        return refuse(p, _("the threshold %.*s is not between 1 and %zu, the number of members"),
                      shown(w), w->text, members);
    *out = (size_t)number;
    return true;
}

static bool take_group(parser *p)
{
    policy *out = p->out;
    if (p->count < 4)
        return refuse(p, _("expected: group NAME all|any|K NAME..."));
    if (out->group_count == POLICY_GROUPS_MAX)
        return refuse(p, _("more than %d groups"), POLICY_GROUPS_MAX);
    policy_name *group = new_name(p, &p->words[1]);
    if (group == NULL || !take_threshold(p, &p->words[2], p->count - 3, &group->threshold))
        return false;
    for (size_t i = 3; i < p->count; i++) {
        const word *w = &p->words[i];
        int member = find_name(out, w);
        if (is(w, "none"))
            return refuse(p, _("\"none\" cannot be a member of a group"));
        if (member == POLICY_NONE)
            return refuse(p, _("\"%.*s\" is not defined on an earlier line"), shown(w), w->text);
        if (out->names[member].group != POLICY_NONE)
            return refuse(p, _("\"%.*s\" is a member of a group already"), shown(w), w->text);
        out->names[member].group = (int)out->name_count;
    }
    group->is_group = true;
    group->members = p->count - 3;
    out->group_count++;
    out->name_count++;
    return true;
}

static bool take_quorum(parser *p)
{
    if (p->count != 2)
        return refuse(p, _("expected: quorum NAME, or: quorum none"));
    if (p->quorum_given)
        return refuse(p, _("a second quorum; a policy has exactly one"));
    const word *w = &p->words[1];
    p->quorum_given = true;
    p->out->quorum = find_name(p->out, w);
    if (p->out->quorum == POLICY_NONE && !is(w, "none"))
        return refuse(p, _("\"%.*s\" is not defined on an earlier line"), shown(w), w->text);
    return true;
}

static bool check_octets(parser *p, const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char octet = (unsigned char)line[i];
        if (octet == '\r')
            return refuse(p, _("the octet 0d (CR) is not allowed; lines end in LF alone"));
        if ((octet < 0x20 && octet != '\t') || octet == 0x7f)
            return refuse(p,
                          _("the octet %02x is not allowed; of control characters a policy has "
                            "tab and line end"),
                          octet);
    }
    return true;
}

static bool split(parser *p, const char *line, size_t size)
{
    p->count = 0;
    for (size_t i = 0; i < size;) {
        size_t begin = i;
        if (line[i] == ' ' || line[i] == '\t') {
            i++;
            continue;
        }
        while (i < size && line[i] != ' ' && line[i] != '\t')
            i++;
        if (p->count == WORDS_MAX)
            return refuse(p, _("more than %d words"), WORDS_MAX);
        p->words[p->count++] = (word){line + begin, i - begin};
        if (p->words[0].text[0] == '#') {
            p->count = 0;
            return true;
        }
    }
    return true;
}

static bool take_line(parser *p, const char *line, size_t size)
{
    if (!check_octets(p, line, size) || !split(p, line, size))
        return false;
    if (p->count == 0)
        return true;
    const word *keyword = &p->words[0];
    if (is(keyword, "log"))
        return take_log(p);
    if (is(keyword, "witness"))
        return take_witness(p);
    if (is(keyword, "group"))
        return take_group(p);
    if (is(keyword, "quorum"))
        return take_quorum(p);
    return refuse(p,
                  _("\"%.*s\" is not known; expected log, witness, group, quorum or a comment (#)"),
                  shown(keyword), keyword->text);
}

const char *policy_parse(policy *out, const char *bytes, size_t size)
{
    memset(out, 0, sizeof *out);
    out->quorum = POLICY_NONE;
    if (size > POLICY_FILE_MAX)
        return N_("the policy is larger than 1 MiB");
    parser p = {.out = out};
    line_reader reader = {bytes, bytes + size};
    const char *line = NULL;
    size_t length = 0;
    while (line_next(&reader, &line, &length)) {
        p.line++;
        if (!take_line(&p, line, length))
            return out->reason;
    }
    p.line++;
    if (reader.at < reader.end)
        refuse(&p, _("the last line has no line end"));
    else if (!p.quorum_given)
        refuse(&p, _("the policy ends without a quorum; write \"quorum NAME\", or \"quorum none\" "
                     "when no cosignature is asked for"));
    else
        return NULL;
    return out->reason;
}
