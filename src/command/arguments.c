/* Reading the command line by table: every wrong word is named with its cure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

static void print_synopsis(FILE *to, const struct command *command, const struct arguments *arguments)
{
    fprintf(to, "loam %s", command->name);
    for (size_t i = 0; i < arguments->operand_count; i++)
        fprintf(to, arguments->operands[i].optional ? " [%s]" : " %s", arguments->operands[i].name);
    for (size_t i = 0; i < arguments->option_count; i++) {
        const struct option *option = &arguments->options[i];
        if (option->kind == OPTION_FLAG)
            fprintf(to, " [%s]", option->name);
        else
            fprintf(to, option->kind == OPTION_LIST ? " [%s %s]..." : " [%s %s]", option->name, option->value_name);
    }
    fprintf(to, "\n");
}

static void print_entry(const char *name, const char *value_name, const char *help)
{
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", name, value_name != NULL ? " " : "", value_name != NULL ? value_name : "");
    printf("  %-22s %s\n", left, help);
}

static void print_help(const struct command *command, const struct arguments *arguments)
{
    printf("usage: ");
    print_synopsis(stdout, command, arguments);
    printf("\n%s\n\n", command->explained);
    for (size_t i = 0; i < arguments->operand_count; i++)
        print_entry(arguments->operands[i].name, NULL, arguments->operands[i].help);
    for (size_t i = 0; i < arguments->option_count; i++)
        print_entry(arguments->options[i].name, arguments->options[i].value_name, arguments->options[i].help);
    print_entry("--quiet", NULL, "say nothing but errors");
    print_entry("--json", NULL, "report as one JSON object on stdout");
    print_entry("--help", NULL, "this page");
}

static const struct option *option_find(const struct arguments *arguments, const char *word, size_t length)
{
    for (size_t i = 0; i < arguments->option_count; i++) {
        const char *name = arguments->options[i].name;
        if (strlen(name) == length && memcmp(name, word, length) == 0)
            return &arguments->options[i];
    }
    return NULL;
}

static bool number_parse(const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != 0 || *text == '-')
        return false;
    *value = number;
    return true;
}

/* Stores one value; returns -1 or an exit status. */
static int option_store(const struct cli *cli, const struct command *command, const struct option *option,
                        const char *value)
{
    if (option->kind == OPTION_TEXT) {
        *(const char **)option->target = value;
    } else if (option->kind == OPTION_NUMBER) {
        if (!number_parse(value, option->target))
            return cli_usage(cli, command, "%s wants a whole number, not \"%s\"", option->name, value);
    } else {
        struct cli_list *list = option->target;
        if (list->count == CLI_LIST_MAX)
            return cli_usage(cli, command, "%s may be given at most %d times", option->name, CLI_LIST_MAX);
        list->items[list->count++] = value;
    }
    return -1;
}

static bool is_common_option(struct cli *cli, const char *word)
{
    if (strcmp(word, "--quiet") == 0 || strcmp(word, "-q") == 0)
        cli->quiet = true;
    else if (strcmp(word, "--json") == 0)
        cli->json = true;
    else
        return false;
    return true;
}

/* Takes the option at words[*at], and its value, which may be the next word or
 * follow an equals sign; returns -1 or an exit status. */
static int option_take(struct cli *cli, const struct command *command, const struct arguments *arguments, int count,
                       char **words, int *at)
{
    const char *word = words[*at];
    if (is_common_option(cli, word))
        return -1;
    const char *equals = strchr(word, '=');
    size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
    const struct option *option = option_find(arguments, word, length);
    if (option == NULL)
        return cli_usage(cli, command, "unknown option \"%.*s\"", (int)length, word);
    if (option->kind == OPTION_FLAG) {
        if (equals != NULL)
            return cli_usage(cli, command, "%s takes no value", option->name);
        *(bool *)option->target = true;
        return -1;
    }
    if (equals == NULL && *at + 1 == count)
        return cli_usage(cli, command, "%s needs a value: %s %s", option->name, option->name, option->value_name);
    return option_store(cli, command, option, equals != NULL ? equals + 1 : words[++*at]);
}

static int operands_check(const struct cli *cli, const struct command *command, const struct arguments *arguments,
                          size_t given)
{
    for (size_t i = given; i < arguments->operand_count; i++)
        if (!arguments->operands[i].optional)
            return cli_usage(cli, command, "%s is missing: %s", arguments->operands[i].name,
                             arguments->operands[i].help);
    return -1;
}

int arguments_parse(struct cli *cli, const struct command *command, const struct arguments *arguments, int count,
                    char **words)
{
    size_t given = 0;
    bool options_ended = false;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (!options_ended && strcmp(word, "--help") == 0) {
            print_help(command, arguments);
            return CLI_EXIT_OK;
        }
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && word[0] == '-' && word[1] != 0) {
            int status = option_take(cli, command, arguments, count, words, &i);
            if (status >= 0)
                return status;
        } else if (given == arguments->operand_count) {
            return cli_usage(cli, command, "one word too many: \"%s\"", word);
        } else {
            *arguments->operands[given++].target = word;
        }
    }
    return operands_check(cli, command, arguments, given);
}
