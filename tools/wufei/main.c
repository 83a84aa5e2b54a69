/*
 * wufei: the command. It finds the subcommand, parses its arguments, runs it, and says what went
 * wrong; the exit status is the status (0 done and it holds, 1 it does not hold, 2 wrong use, 3 the
 * ledger is damaged, 4 the system failed us).
 */
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

const command *const commands[] = {
    &command_init,       &command_import,  &command_list,
    &command_show,       &command_trace,   &command_balance,
    &command_audit,      &command_verify,  &command_prove,
    &command_checkpoint, &command_export,  &command_rebuild,
    &command_archive,    &command_stat,    &command_backup,
    &command_restore,    &command_witness, &command_scrub,
    &command_repair,     &command_key,     NULL,
};

/* Named by the contract of the command line and not built yet. */
static const char *const planned[] = {
    "sign",     "submit",    "file",     "pickup",  "handover",   "arrive", "receive",
    "reject",   "return",    "redirect", "confirm", "correct",    "cancel", "treat",
    "generate", "stocktake", "report",   "actions", "indicators",
};
enum { PLANNED_COUNT = sizeof planned / sizeof *planned };

static void main_help(void)
{
    printf("%s\n\n", _("usage: wufei COMMAND [ARGUMENTS], wufei COMMAND --help"));
    printf("%s\n\n", _("A waste ledger that nobody can quietly rewrite."));
    for (size_t i = 0; commands[i] != NULL; i++)
        help_print_command(commands[i]->name, _(commands[i]->summary));
    printf("\n%s\n  ", _("planned, not in this version:"));
    char names[512] = "";
    for (size_t i = 0, used = 0; i < PLANNED_COUNT && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s ", planned[i]);
    help_print(names, 2, 2);
    printf("\n\n%s\n  wufei init\n  wufei import ./city\n  wufei balance --by stream\n"
           "  wufei audit\n",
           _("example"));
}

/* Near enough to be a slip: equal but for one letter added, lost, changed or two swapped. */
static bool main_similar(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    if (*a == '\0' || *b == '\0')
        return strlen(a) + strlen(b) <= 2;
    return strcmp(a + 1, b + 1) == 0 || strcmp(a + 1, b) == 0 || strcmp(a, b + 1) == 0 ||
           (a[0] == b[1] && a[1] == b[0] && strcmp(a + 2, b + 2) == 0);
}

static wf_status main_unknown(arguments *args, const char *name)
{
    for (size_t i = 0; i < PLANNED_COUNT; i++)
        if (strcmp(planned[i], name) == 0)
            return command_fail(args, WF_USAGE, _("'%s' is not in this version"), name);
    for (size_t i = 0; commands[i] != NULL; i++)
        if (main_similar(commands[i]->name, name))
            return command_fail(args, WF_USAGE,
                                _("there is no command '%s'; did you mean '%s'? see: wufei --help"),
                                name, commands[i]->name);
    return command_fail(args, WF_USAGE, _("there is no command '%s'; see: wufei --help"), name);
}

/* The catalogues: $WUFEI_LOCALE_DIR, else beside the program (installed or in the build folder),
   else where the library was installed to. */
static void main_find_catalogues(void)
{
    static const char *const places[] = {"../share/locale", "../locale"};
    char program[PATH_MAX], path[PATH_MAX + 64];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (getenv("WUFEI_LOCALE_DIR") != NULL || size <= 0)
        return;
    program[size] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s/zh_CN/LC_MESSAGES/wufei.mo", program, places[i]);
        if (access(path, R_OK) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", program, places[i]);
        setenv("WUFEI_LOCALE_DIR", path, 1);
        return;
    }
}

/* The locale's language also where that locale is not installed, which is usual on servers. */
static const char *main_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strncmp(value, "zh", 2) == 0 ? "zh" : NULL;
    }
    return NULL;
}

/* Only what concerns texts: numbers are written the same way everywhere. */
static void main_set_locale(void)
{
    setlocale(LC_CTYPE, "");
    setlocale(LC_MESSAGES, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    main_find_catalogues();
    wf_set_language(main_language());
}

static wf_status main_run(arguments *args, int argc, char **argv)
{
    int used = 1;
    wf_status status = options_parse_front(args, argc, argv, &used);
    if (status != WF_OK)
        return status;
    if (used < argc && strcmp(argv[used], "help") == 0) {
        used++;
        args->help = true;
    }
    if (used >= argc && args->help) {
        main_help();
        return WF_OK;
    }
    if (used >= argc)
        return command_fail(args, WF_USAGE, _("which command? see: wufei --help"));
    for (size_t i = 0; commands[i] != NULL && args->command == NULL; i++)
        if (strcmp(commands[i]->name, argv[used]) == 0)
            args->command = commands[i];
    if (args->command == NULL)
        return main_unknown(args, argv[used]);
    status = options_parse(args, argc - used, argv + used);
    if (status != WF_OK)
        return status;
    if (args->help) {
        help_print_whole(args->command);
        return WF_OK;
    }
    return args->command->run(args);
}

int main(int argc, char **argv)
{
    arguments args = {0};
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a failed write then, and is reported */
    main_set_locale();
    wf_end_without_memory();
    args.ledger = getenv("WUFEI_LEDGER");
    if (args.ledger == NULL || args.ledger[0] == '\0')
        args.ledger = "./ledger";
    wf_status status = main_run(&args, argc, argv);
    if (fflush(stdout) != 0 && status == WF_OK)
        status = command_fail(&args, WF_SYSTEM, "%s", _("cannot write to standard output"));
    if (status != WF_OK && args.error.text[0] != '\0')
        fprintf(stderr, "wufei: %s\n", args.error.text);
    return (int)status;
}
