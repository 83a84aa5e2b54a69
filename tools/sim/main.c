/*
 * sim/main.c: wufei-sim, a deterministic generator of demonstration cities in the bundle format.
 * Exit status: 0 done, 2 wrong use, 4 the system refused (files, memory).
 */
#include "city.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_USAGE = 2, EXIT_SYSTEM = 4, DAYS_DEFAULT = 60, DAYS_MAX = 3660 };

/* What a city of size 1 makes: 82 to 99, measured at sizes 0.3 to 30 over 60 and 365 days. */
static const double manifests_a_day = 86.0;
static const double size_max = 2000;

static const char help_text[] =
    "Usage: wufei-sim --out FOLDER [OPTION...]\n"
    "Makes a city of five waste streams, honest and dishonest people, as a bundle of CSV files.\n"
    "The same options give the same bytes.\n"
    "\n"
    "  -o, --out FOLDER      where the files go; made if missing, must hold no bundle yet\n"
    "  -s, --seed N          another city for each number (default 1)\n"
    "  -z, --size X          how big: 1 is a district of 150 sites, about 86 manifests a day\n"
    "  -m, --manifests N     choose the size so that about N manifests come out (the smallest\n"
    "                        city makes 11 a day)\n"
    "  -d, --days N          how long (default 60; with --manifests up to 365)\n"
    "  -t, --start DATE      the first day (default 2026-03-20)\n"
    "      --no-frauds       honest people only, and no answer key (truth.csv)\n"
    "      --no-tracks       no positions of vehicles\n"
    "      --gzip-tracks     tracks.csv.gz instead of tracks.csv\n"
    "      --ids-prefix TEXT letters and digits before every id, so that several cities share\n"
    "                        one ledger\n"
    "  -h, --help            this text\n"
    "\n"
    "Example: wufei-sim --out city --seed 7 --days 90 && wufei import city\n";

static int usage_error(const char *what, const char *value, const char *expected)
{
    fprintf(stderr, "wufei-sim: %s: '%s'; expected %s (see wufei-sim --help)\n", what, value,
            expected);
    return EXIT_USAGE;
}

static bool parse_whole(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out >= low &&
           *out <= high;
}

static bool parse_size(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out > 0 && *out <= size_max;
}

static bool prefix_is_good(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 8 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == length;
}

enum { OPTION_NO_FRAUDS = 256, OPTION_NO_TRACKS, OPTION_GZIP_TRACKS, OPTION_PREFIX };

static const struct option long_options[] = {
    {"out", required_argument, NULL, 'o'},
    {"seed", required_argument, NULL, 's'},
    {"size", required_argument, NULL, 'z'},
    {"manifests", required_argument, NULL, 'm'},
    {"days", required_argument, NULL, 'd'},
    {"start", required_argument, NULL, 't'},
    {"no-frauds", no_argument, NULL, OPTION_NO_FRAUDS},
    {"no-tracks", no_argument, NULL, OPTION_NO_TRACKS},
    {"gzip-tracks", no_argument, NULL, OPTION_GZIP_TRACKS},
    {"ids-prefix", required_argument, NULL, OPTION_PREFIX},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

typedef struct arguments {
    city_options city;
    uint64_t manifests, days;
    bool size_given, help;
} arguments;

static int read_option(arguments *a, int letter)
{
    switch (letter) {
    case 'o':
        a->city.folder = optarg;
        return optarg[0] != '\0' ? 0 : usage_error("--out", optarg, "the name of a folder");
    case 's':
        return parse_whole(optarg, 0, UINT64_MAX, &a->city.seed)
                   ? 0
                   : usage_error("--seed", optarg, "a whole number");
    case 'z':
        a->size_given = true;
        return parse_size(optarg, &a->city.size)
                   ? 0
                   : usage_error("--size", optarg, "a number above 0, at most 2000");
    case 'm':
        return parse_whole(optarg, 1, 50000000, &a->manifests)
                   ? 0
                   : usage_error("--manifests", optarg, "a whole number from 1 to 50000000");
    case 'd':
        return parse_whole(optarg, 1, DAYS_MAX, &a->days)
                   ? 0
                   : usage_error("--days", optarg, "a whole number from 1 to 3660");
    case 't':
        return time_parse_date(optarg, &a->city.start_day)
                   ? 0
                   : usage_error("--start", optarg, "a date such as 2026-03-20, from 1980 on");
    case OPTION_NO_FRAUDS:
        a->city.frauds = false;
        return 0;
    case OPTION_NO_TRACKS:
        a->city.tracks = false;
        return 0;
    case OPTION_GZIP_TRACKS:
        a->city.gzip_tracks = true;
        return 0;
    case OPTION_PREFIX:
        a->city.prefix = optarg;
        return prefix_is_good(optarg)
                   ? 0
                   : usage_error("--ids-prefix", optarg, "1 to 8 letters or digits");
    case 'h':
        a->help = true;
        return 0;
    default:
        fputs("Try wufei-sim --help.\n", stderr); /* getopt has said which option is wrong */
        return EXIT_USAGE;
    }
}

static int read_arguments(arguments *a, int argc, char **argv)
{
    int letter;
    while ((letter = getopt_long(argc, argv, "o:s:z:m:d:t:h", long_options, NULL)) != -1) {
        int status = read_option(a, letter);
        if (status != 0)
            return status;
        if (a->help)
            return 0;
    }
    if (optind < argc)
        return usage_error("one word too many", argv[optind], "options only");
    if (a->city.folder == NULL) {
        fputs("wufei-sim: --out FOLDER is missing (see wufei-sim --help)\n", stderr);
        return EXIT_USAGE;
    }
    if (a->manifests > 0 && a->size_given) {
        fputs("wufei-sim: --size and --manifests exclude each other: give one\n", stderr);
        return EXIT_USAGE;
    }
    if (a->days == 0) {
        double long_enough = (double)a->manifests / manifests_a_day;
        a->days = a->manifests == 0           ? DAYS_DEFAULT
                  : long_enough >= 365        ? 365
                  : (uint64_t)long_enough < 7 ? 7
                                              : (uint64_t)long_enough;
    }
    a->city.days = (int64_t)a->days;
    if (a->manifests > 0)
        a->city.size = (double)a->manifests / manifests_a_day / (double)a->days;
    return 0;
}

static int simulate(const city_options *options)
{
    /* Row buffers grow and go with every day: giving their pages back to the system each time cost
       a third of the whole run. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    struct timespec begun, ended;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    city c = {.options = *options};
    c.start = options->start_day * DAY_S;
    c.end = (options->start_day + options->days) * DAY_S;
    random_seed(&c.random, options->seed);
    c.out = writer_open(options->folder, options->start_day - 2, options->start_day + options->days,
                        options->gzip_tracks, options->tracks, options->frauds);
    if (c.out == NULL)
        return EXIT_SYSTEM;
    city_build(&c);
    fraud_plan(&c);
    city_write(&c);
    c.day = options->start_day;
    day_open(&c);
    for (; c.day < options->start_day + options->days; c.day++) {
        day_live(&c);
        writer_flush(c.out, c.day - 1); /* tomorrow's first loads are filed tonight */
    }
    fraud_write(&c);
    writer_flush(c.out, options->start_day + options->days);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    double seconds =
        (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) * 1e-9;
    uint64_t manifests = c.manifests, rows = writer_rows(c.out);
    int64_t sites = c.site_count;
    bool good = writer_close(c.out);
    fraud_free(&c);
    city_free(&c);
    if (!good)
        return EXIT_SYSTEM;
    fprintf(stderr,
            "wufei-sim: %s: %lld days, %lld sites, %llu manifests, %llu rows in %.2f s"
            " (%.0f manifests/s, %.0f rows/s)\n",
            options->folder, (long long)options->days, (long long)sites,
            (unsigned long long)manifests, (unsigned long long)rows, seconds,
            (double)manifests / seconds, (double)rows / seconds);
    return 0;
}

int main(int argc, char **argv)
{
    arguments a = {.city = {.seed = 1, .size = 1, .frauds = true, .tracks = true, .prefix = ""}};
    a.city.start_day = time_day_of(2026, 3, 20);
    int status = read_arguments(&a, argc, argv);
    if (status != 0)
        return status;
    if (a.help) {
        fputs(help_text, stdout);
        return 0;
    }
    return simulate(&a.city);
}
