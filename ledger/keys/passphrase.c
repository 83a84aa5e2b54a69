/*
 * ledger/keys/passphrase.c: where passphrases of keys come from; see key_file.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "key_file.h"

enum { LINES_MAX = 16, ASK_MAX = 3, FILE_MAX = LINES_MAX * (PASSPHRASE_MAX + 2) };

void passphrases_free(passphrases *p)
{
    if (p->text != NULL)
        OPENSSL_cleanse(p->text, FILE_MAX);
    free(p->text);
    *p = (passphrases){0};
}

/* Lines end in zeros from here on. */
static wf_status read_file(passphrases *p, const char *path, wf_error *err)
{
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return wf_fail_errno(err, _("the file of $%s, %s"), KEY_PASSPHRASE_FILE, path);
    setvbuf(file, NULL, _IONBF, 0); /* no copy in a buffer that nobody wipes */
    size = fread(p->text, 1, FILE_MAX - 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return wf_fail_errno(err, _("%s: cannot be read"), path);
    p->text[size] = '\0';
    p->size = size;
    for (size_t i = 0; i < size; i++)
        if (p->text[i] == '\n' || p->text[i] == '\r')
            p->text[i] = '\0';
    return WF_OK;
}

/* A line from the terminal that it does not show. */
static wf_status ask(char *out, const char *prompt, const char *path, wf_error *err)
{
    struct termios shown, hidden;
    int fd = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd < 0 || tcgetattr(fd, &shown) != 0) {
        if (fd >= 0)
            close(fd);
        return wf_fail(
            err, WF_REFUSED,
            _("%s is encrypted: write its passphrase into a file that only you can read, "
              "and name that file in $%s; or start this on a terminal"),
            path, KEY_PASSPHRASE_FILE);
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    dprintf(fd, prompt, path);
    tcsetattr(fd, TCSAFLUSH, &hidden);
    ssize_t size = read(fd, out, PASSPHRASE_MAX);
    tcsetattr(fd, TCSAFLUSH, &shown);
    dprintf(fd, "\n");
    close(fd);
    if (size <= 0 || out[size - 1] != '\n')
        return wf_fail(err, WF_REFUSED, _("no passphrase was given for %s"), path);
    out[size - 1] = '\0';
    return WF_OK;
}

static wf_status begin(passphrases *p, wf_error *err)
{
    if (p->text != NULL)
        return WF_OK;
    p->text = calloc(1, FILE_MAX);
    if (p->text == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    const char *path = getenv(KEY_PASSPHRASE_FILE);
    if (path == NULL || path[0] == '\0')
        return WF_OK;
    p->where = path;
    return read_file(p, path, err);
}

/* The line behind those that were tried. */
static const char *next_line(passphrases *p)
{
    unsigned index = 0;
    for (size_t at = 0; at < p->size && index < LINES_MAX; at += strlen(p->text + at) + 1) {
        if (p->text[at] == '\0')
            continue;
        if (index++ == p->asked)
            return p->text + at;
    }
    return NULL;
}

wf_status passphrase_next(const char **out, passphrases *p, const char *path, wf_error *err)
{
    *out = NULL;
    wf_status status = begin(p, err);
    if (status != WF_OK)
        return status;
    if (p->where == NULL && p->asked < ASK_MAX) {
        status = ask(p->text, _("passphrase of %s: "), path, err);
        *out = p->text;
    } else if (p->where == NULL) {
        return wf_fail(err, WF_REFUSED, _("wrong passphrase for %s"), path);
    } else if ((*out = next_line(p)) == NULL) {
        return p->asked == 0
                   ? wf_fail(err, WF_REFUSED,
                             _("%s is encrypted, and %s, which $%s names, is empty"), path,
                             p->where, KEY_PASSPHRASE_FILE)
                   : wf_fail(err, WF_REFUSED,
                             _("wrong passphrase for %s: none of the %u in %s, which $%s names, "
                               "opens it"),
                             path, p->asked, p->where, KEY_PASSPHRASE_FILE);
    }
    p->asked++;
    return status;
}

wf_status passphrase_new(const char **out, passphrases *p, wf_error *err)
{
    static const char what[] = N_("the new key");
    wf_status status = begin(p, err);
    *out = p->text;
    if (status != WF_OK)
        return status;
    if (p->where != NULL) {
        *out = next_line(p);
        return *out != NULL ? WF_OK
                            : wf_fail(err, WF_REFUSED, _("%s, which $%s names, is empty"), p->where,
                                      KEY_PASSPHRASE_FILE);
    }
    char *again = p->text + PASSPHRASE_MAX + 1;
    status = ask(p->text, _("passphrase of %s: "), _(what), err);
    if (status == WF_OK)
        status = ask(again, _("again, passphrase of %s: "), _(what), err);
    if (status == WF_OK && (strcmp(p->text, again) != 0 || again[0] == '\0'))
        status = wf_fail(err, WF_REFUSED, _("the passphrases differ or are empty"));
    return status;
}
