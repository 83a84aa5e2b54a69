/*
 * proof/verify_arguments.c: the command line of wufei-verify sorted into options and operands, and
 * the keys that it names read. See verify_command.h.
 */
#include "verify_command.h"

#include <stdio.h>
#include <string.h>

static verify_option *find_among(verify_option *options, size_t count, const char *argument)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(options[i].name);
        if (strncmp(argument, options[i].name, length) == 0 &&
            (argument[length] == 0 || argument[length] == '='))
            return &options[i];
    }
    return NULL;
}

/* The option an argument names, with "--name VALUE" or "--name=VALUE"; NULL when there is none. */
static verify_option *find_option(verify_command *command, const char *argument)
{
    verify_option *option = find_among(command->options, command->option_count, argument);
    if (!option && command->trust)
        option = find_among(command->trust->options, command->trust->option_count, argument);
    return option;
}

/* Takes the option at argv[*at] with its value. */
static int take_option(verify_command *command, int argc, char **argv, int *at)
{
    verify_option *option = find_option(command, argv[*at]);
    if (!option)
        return verify_wrong_use(command, "unknown option %s; see wufei-verify %s --help", argv[*at],
                                command->name);
    const char *value = strchr(argv[*at], '=');
    if (value)
        value++;
    else if (*at + 1 < argc)
        value = argv[++*at];
    else
        return verify_wrong_use(command, "%s needs a value", option->name);
    if (option->count == option->values_max)
        return verify_wrong_use(command, "%s is given more than %zu time%s", option->name,
                                option->values_max, option->values_max == 1 ? "" : "s");
    option->values[option->count++] = value;
    return VERIFY_HOLDS;
}

static int take_operand(verify_command *command, const char *argument)
{
    if (command->operand_count == command->operands_max)
        return verify_wrong_use(command,
                                "too many arguments, from \"%s\" on; see wufei-verify %s --help",
                                argument, command->name);
    command->operands[command->operand_count++] = argument;
    return VERIFY_HOLDS;
}

/* What must be there after all arguments were read. */
static bool check_complete(const verify_command *command, int *status)
{
    const verify_trust *trust = command->trust;
    bool key = !trust || trust->policy_path || trust->options[TRUST_VKEY].count > 0 ||
               (command->witness_alone && trust->options[TRUST_WITNESS].count > 0);
    *status = VERIFY_WRONG_USE;
    if (!key) {
        verify_wrong_use(command, "--vkey is missing; see wufei-verify %s --help", command->name);
        return false;
    }
    if (command->operand_count < command->operands_min && command->operands_min == 1) {
        verify_wrong_use(command, "%s is missing; see wufei-verify %s --help",
                         command->operands_usage, command->name);
        return false;
    }
    if (command->operand_count < command->operands_min) {
        verify_wrong_use(
            command, "expected at least %zu files, %s, got %zu; see wufei-verify %s --help",
            command->operands_min, command->operands_usage, command->operand_count, command->name);
        return false;
    }
    *status = VERIFY_HOLDS;
    return true;
}

bool verify_read_arguments(verify_command *command, int argc, char **argv, int *status)
{
    bool options_end = false;
    *status = VERIFY_HOLDS;
    for (int i = 1; i < argc && *status == VERIFY_HOLDS; i++) {
        const char *argument = argv[i];
        if (!options_end && (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)) {
            fputs(command->help, stdout);
            return false;
        }
        if (!options_end && strcmp(argument, "--") == 0)
            options_end = true;
        else if (!options_end && argument[0] == '-' && argument[1] != 0)
            *status = take_option(command, argc, argv, &i);
        else
            *status = take_operand(command, argument);
    }
    return *status == VERIFY_HOLDS && check_complete(command, status) &&
           (!command->trust || verify_trust_load(command, command->trust, status));
}
