/* loam peek: a look at the state. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "codec/codec.h"

enum answer { ANSWER_UNKNOWN, ANSWER_EMPTY, ANSWER_VALUE, ANSWER_MALFORMED };

/* ~, [~ ~] or [~ ~ value] */
static enum answer answer_of(noun product, noun *value)
{
    if (product == 0)
        return ANSWER_UNKNOWN;
    if (noun_is_atom(product) || noun_head(product) != 0)
        return ANSWER_MALFORMED;
    noun inner = noun_tail(product);
    if (inner == 0)
        return ANSWER_EMPTY;
    if (noun_is_atom(inner) || noun_head(inner) != 0)
        return ANSWER_MALFORMED;
    *value = noun_tail(inner);
    return ANSWER_VALUE;
}

static enum status print_json(enum answer answer, noun value)
{
    static const char *const names[] = {"unknown", "empty", "value", "malformed"};
    struct json json;
    json_begin(&json);
    json_string(&json, "answer", names[answer]);
    if (answer == ANSWER_VALUE || answer == ANSWER_MALFORMED) {
        char *text;
        STATUS_TRY(codec_print(value, NULL, &text, NULL));
        json_string(&json, "value", text);
        free(text);
    }
    json_end(&json);
    return STATUS_OK;
}

static enum status print_jam(noun product, const char *output)
{
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(codec_jam(product, &bytes, &size_bytes));
    enum status status = bytes_write(output, bytes, size_bytes);
    free(bytes);
    return status;
}

static int finish(const struct cli *cli, noun product, bool raw, const char *output)
{
    noun value = product;
    enum answer answer = answer_of(product, &value);
    enum status status = STATUS_OK;
    if (output != NULL && (raw || answer == ANSWER_VALUE))
        status = print_jam(raw ? product : value, output);
    else if (cli->json)
        status = print_json(answer, value);
    else if (output == NULL && (raw || answer == ANSWER_VALUE || answer == ANSWER_MALFORMED))
        status = noun_print_line(raw ? product : value);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (answer == ANSWER_UNKNOWN)
        cli_error(cli, "the kernel does not know this path");
    else if (answer == ANSWER_EMPTY)
        cli_note(cli, "the path is known, and there is nothing at it");
    else if (answer == ANSWER_MALFORMED)
        cli_error(cli, "the kernel's answer is no unit of a unit");
    return answer == ANSWER_VALUE || answer == ANSWER_EMPTY ? CLI_EXIT_OK : CLI_EXIT_GUEST;
}

static enum status look(struct host *host, const char *path_word, noun *product)
{
    noun path;
    STATUS_TRY(noun_from_word(host_stack(host), "PATH", path_word, &path));
    return host_peek(host, path, product);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *path_word = NULL, *output = NULL, *at = NULL;
    bool raw = false;
    struct machine_options options = {0};
    const struct operand operands[] = {
        {"DIR", "the machine", &directory, false},
        {"PATH", "/what/to/look/at, or [%what 'ever' 5 ~], or @FILE for a jam", &path_word, false}};
    const struct option table[] = {
        {"--at", "NAME", "at this snapshot or branch, not at the newest state", OPTION_TEXT, &at},
        {"--raw", NULL, "print the kernel's whole answer: ~, [~ ~] or [~ ~ value]", OPTION_FLAG, &raw},
        {"--output", "FILE", "write the jam of the value there instead of printing it", OPTION_TEXT, &output},
        MACHINE_OPTIONS(options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, &options, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    struct host *host;
    noun product;
    enum status status = host_open_view(directory, &machine.options, &host);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    if (at != NULL)
        status = host_view_at(host, at);
    if (status == STATUS_OK)
        status = look(host, path_word, &product);
    leave = status == STATUS_OK ? finish(cli, product, raw, output) : cli_fail(cli, status);
    host_close(host);
    return leave;
}

const struct command command_peek = {
    .name = "peek",
    .summary = "look at a machine's state",
    .explained = "Asks the kernel for the value at PATH in the newest durable state, also while a process runs\n"
                 "the machine.  The exit status is 1 if the kernel does not know the path, or crashes on it.",
    .run = run,
};
