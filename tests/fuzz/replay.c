/*
 * tests/fuzz/replay.c: runs a fuzz target over files and folders of them, without libFuzzer: the
 * corpus in every test run, and one crash file in a debugger.
 *
 *     build/debug/fuzz/fuzz_note tests/fuzz/corpus/note crash-123
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t files;

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    FUZZ_REQUIRE(file != NULL, "%s", path);
    struct stat st;
    FUZZ_REQUIRE(fstat(fileno(file), &st) == 0 && st.st_size < 1 << 24, "%s", path);
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as large: reading beyond it is seen */
    FUZZ_REQUIRE(data != NULL && fread(data, 1, size, file) == size, "%s", path);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that ended it */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    files++;
}

static void run_path(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        run_file(path);
        return;
    }
    const struct dirent *one;
    while ((one = readdir(folder)) != NULL) {
        char inside[4096];
        if (one->d_name[0] == '.')
            continue;
        FUZZ_REQUIRE(snprintf(inside, sizeof inside, "%s/%s", path, one->d_name) <
                         (int)sizeof inside,
                     "%s", path);
        run_path(inside);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%zu files\n", files);
    return files > 0 ? 0 : 1; /* an empty corpus tests nothing */
}
