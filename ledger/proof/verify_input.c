/*
 * proof/verify_input.c: the values on the command line and the files of wufei-verify, and telling
 * what is wrong with them. See verify_command.h.
 */
#include "lines.h"
#include "verify_command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void tell(const verify_command *command, const char *format, va_list values)
{
    fprintf(stderr, "wufei-verify %s: ", command->name);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

int verify_wrong_use(const verify_command *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(command, format, values);
    va_end(values);
    return VERIFY_WRONG_USE;
}

int verify_fails(const verify_command *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    tell(command, format, values);
    va_end(values);
    return VERIFY_DOES_NOT_HOLD;
}

bool verify_is_there(const verify_command *command, const verify_option *option)
{
    if (option->count > 0)
        return true;
    verify_wrong_use(command, "%s is missing; see wufei-verify %s --help", option->name,
                     command->name);
    return false;
}

bool verify_number(const verify_command *command, const verify_option *option, uint64_t *out)
{
    if (!verify_is_there(command, option))
        return false;
    const char *text = option->values[0];
    if (line_number_parse(out, text, strlen(text)))
        return true;
    verify_wrong_use(command,
                     "%s: \"%s\" is not a decimal below 2^64 without sign or leading zeros",
                     option->name, text);
    return false;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_hash(const verify_command *command, const char *field, const char *text,
                       hash *out)
{
    bool good = strlen(text) == 2 * HASH_SIZE;
    for (size_t i = 0; good && i < HASH_SIZE; i++) {
        int high = nibble(text[2 * i]);
        int low = nibble(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        out->bytes[i] = (uint8_t)(good ? high << 4 | low : 0);
    }
    if (!good)
        verify_wrong_use(command, "%s: \"%.100s\" is not a SHA-256 hash in hex (64 digits)", field,
                         text);
    return good;
}

bool verify_hash(const verify_command *command, const verify_option *option, hash *out)
{
    return verify_is_there(command, option) &&
           parse_hash(command, option->name, option->values[0], out);
}

bool verify_hash_kind(const verify_command *command, const verify_option *option, hash_kind *out)
{
    const char *name = option->count > 0 ? option->values[0] : "sha256";
    *out = strcmp(name, "sm3") == 0 ? HASH_SM3 : HASH_SHA256;
    if (*out == HASH_SM3 || strcmp(name, "sha256") == 0)
        return true;
    verify_wrong_use(command, "%s: \"%s\" is not known; expected sha256 or sm3", option->name,
                     name);
    return false;
}

bool verify_hashes(const verify_command *command, hash *out)
{
    for (size_t i = 0; i < command->operand_count; i++) {
        char field[32];
        snprintf(field, sizeof field, "HASH %zu", i + 1);
        if (!parse_hash(command, field, command->operands[i], &out[i]))
            return false;
    }
    return true;
}

/* Reads up to max + 1 bytes, so that a file that grows or has no length cannot fill the memory. */
static char *read_all(FILE *file, size_t max, size_t *out_size)
{
    size_t room = 4096;
    size_t size = 0;
    char *bytes = malloc(room + 1);
    while (bytes && size <= max) {
        size_t got = fread(bytes + size, 1, room - size, file);
        size += got;
        if (got == 0)
            break;
        if (size == room) {
            room *= 2;
            char *grown = realloc(bytes, room + 1);
            if (!grown)
                free(bytes);
            bytes = grown;
        }
    }
    if (bytes)
        bytes[size] = 0;
    *out_size = size;
    return bytes;
}

static char *read_file(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, bool may_lack, int *status)
{
    struct stat about;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char *bytes = NULL;
    *status = VERIFY_WRONG_USE;
    if (!file && may_lack && errno == ENOENT) {
        *status = VERIFY_HOLDS;
    } else if (!file) {
        verify_wrong_use(command, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        verify_wrong_use(command, "%s: is a directory, expected a file", path);
    } else if (!(bytes = read_all(file, max, out_size)) || ferror(file)) {
        verify_wrong_use(command, "%s: cannot be read: %s", path, strerror(errno));
        free(bytes);
        bytes = NULL;
    } else if (*out_size > max) {
        *status =
            verify_fails(command, "%s: larger than %zu bytes, the most that is read", path, max);
        free(bytes);
        bytes = NULL;
    } else {
        *status = VERIFY_HOLDS;
    }
    if (file && file != stdin)
        fclose(file);
    return bytes;
}

char *verify_read_file(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, int *status)
{
    return read_file(command, path, max, out_size, false, status);
}

char *verify_read_if_there(const verify_command *command, const char *path, size_t max,
                           size_t *out_size, int *status)
{
    return read_file(command, path, max, out_size, true, status);
}

char *verify_hex(char out[2 * HASH_SIZE + 1], const hash *h)
{
    for (size_t i = 0; i < HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", h->bytes[i]);
    return out;
}
