/*
 * proof/verify_input.c: the values on the command line and the files of wufei-verify, and telling
 * what is wrong with them. See verify_command.h.
 */
#include "lines.h"
#include "verify_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void tell(const verify_command *command, const char *format, va_list values)
{
    fflush(stdout); /* what is told of stands above it, also when both go to one file */
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

/* Whose file it is: one that the user names can be any; of a log that somebody made, a file. */
typedef enum file_of { FILE_OF_USER, FILE_OF_LOG, FILE_OF_LOG_IF_THERE } file_of;

/* O_NONBLOCK: a pipe without a writer is opened and then refused; a file does not heed it. */
static FILE *open_file(const char *path, file_of whose)
{
    if (whose == FILE_OF_USER)
        return strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");
    if (!file && fd >= 0)
        close(fd);
    return file;
}

static char *read_file(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, file_of whose, int *status)
{
    struct stat about;
    FILE *file = open_file(path, whose);
    char *bytes = NULL;
    *status = VERIFY_WRONG_USE;
    if (!file && whose == FILE_OF_LOG_IF_THERE && errno == ENOENT) {
        *status = VERIFY_HOLDS;
    } else if (!file) {
        verify_wrong_use(command, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        verify_wrong_use(command, "%s: is a directory, expected a file", path);
    } else if (whose != FILE_OF_USER && !S_ISREG(about.st_mode)) {
        *status =
            verify_fails(command, "%s: does not hold: it is no file but a pipe or a device", path);
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
    return read_file(command, path, max, out_size, FILE_OF_USER, status);
}

char *verify_read_if_there(const verify_command *command, const char *path, size_t max,
                           size_t *out_size, int *status)
{
    return read_file(command, path, max, out_size, FILE_OF_LOG_IF_THERE, status);
}

char *verify_read_part(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, int *status)
{
    return read_file(command, path, max, out_size, FILE_OF_LOG, status);
}

static bool starts_with(const char *bytes, size_t size, const char *start)
{
    return size >= strlen(start) && memcmp(bytes, start, strlen(start)) == 0;
}

const char *verify_kind_of(const char *bytes, size_t size)
{
    static const char receipt[] = "c2sp.org/tlog-proof@v1\n";
    static const char proof[] = "old ";
    uint64_t number = 0;
    const char *line = bytes;
    size_t length = 0;
    line_reader reader = {bytes, bytes + size};
    if (starts_with(bytes, size, receipt))
        return "a receipt (.tlog-proof)";
    if (line_next(&reader, &line, &length) && starts_with(line, length, proof) &&
        line_number_parse(&number, line + strlen(proof), length - strlen(proof)))
        return "a consistency proof";
    if (line_next(&reader, &line, &length) && line_number_parse(&number, line, length))
        return "a checkpoint"; /* its second line is the size */
    return NULL;
}

char *verify_hex(char out[2 * HASH_SIZE + 1], const hash *h)
{
    for (size_t i = 0; i < HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", h->bytes[i]);
    return out;
}
