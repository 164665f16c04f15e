/* Operations: what a command does to a machine, wherever the machine is.
 *
 * If a process runs it the words go there through the control channel and that
 * process does it between two events; else this one opens it.  Either way the
 * operation sees a node, and says what it has to say on two streams.  Through
 * the channel their lines come back marked:
 *
 *   out LINE     for stdout
 *   err LINE     for stderr
 *   exit NUMBER  the exit status
 *
 * Nothing is said of an operation that failed, but its failure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

struct streams {
    FILE *out, *err;
    char *out_text, *err_text;
    size_t out_bytes, err_bytes;
};

static void streams_begin(struct streams *streams)
{
    *streams = (struct streams){0};
    streams->out = open_memstream(&streams->out_text, &streams->out_bytes);
    streams->err = open_memstream(&streams->err_text, &streams->err_bytes);
    if (streams->out == NULL || streams->err == NULL)
        check_out_of_memory(__FILE__, __LINE__, 0);
}

static void streams_end(struct streams *streams)
{
    fclose(streams->out);
    fclose(streams->err);
}

static void streams_free(struct streams *streams)
{
    free(streams->out_text);
    free(streams->err_text);
}

/* Calls `each` with every line of a text, which is taken apart. */
static void each_line(char *text, void (*each)(void *context, const char *line), void *context)
{
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        each(context, line);
}

/* ---- in the process that runs the machine --------------------------------------------- */

static enum status settle_host(void *context)
{
    return host_settle(context);
}

static void send_out(void *context, const char *line)
{
    fprintf(context, "out %s\n", line);
}

static void send_err(void *context, const char *line)
{
    fprintf(context, "err %s\n", line);
}

void operation_answer(void *context, struct host *host, struct host_call *call)
{
    const struct operation *operation = context;
    struct streams streams;
    struct operating operating = {.node = host_node(host), .settle = settle_host, .settle_context = host};
    streams_begin(&streams);
    operating.out = streams.out;
    operating.err = streams.err;
    while (operating.count < OPERATION_WORDS_MAX && host_call_word(call, operating.count + 1) != NULL) {
        operating.words[operating.count] = host_call_word(call, operating.count + 1);
        operating.count++;
    }
    enum status status =
        operating.count < operation->words_min
            ? status_fail(STATUS_INVALID, "%s wants %zu words", operation->command.name, operation->words_min)
            : operation->run(&operating);
    host_reset(host);
    streams_end(&streams);
    if (status == STATUS_OK) {
        each_line(streams.out_text, send_out, host_call_out(call));
        each_line(streams.err_text, send_err, host_call_out(call));
        fprintf(host_call_out(call), "exit %d\n", operating.exit_status);
    }
    streams_free(&streams);
    host_call_end(call, status);
}

/* ---- in the process that asks ------------------------------------------------------------ */

struct asking {
    const struct cli *cli;
    int exit_status;
};

static void take_err(void *context, const char *line)
{
    cli_note(context, "%s", line);
}

static void take_line(void *context, const char *line)
{
    struct asking *asking = context;
    if (strncmp(line, "out ", 4) == 0)
        puts(line + 4);
    else if (strncmp(line, "err ", 4) == 0)
        cli_note(asking->cli, "%s", line + 4);
    else if (strncmp(line, "exit ", 5) == 0)
        asking->exit_status = atoi(line + 5);
}

static enum status ask(const struct cli *cli, const char *directory, const struct operation *operation,
                       const char *const *words, size_t count, enum machine_place *place, int *exit_status)
{
    const char *request[OPERATION_WORDS_MAX + 1] = {operation->command.name};
    struct asking asking = {.cli = cli};
    memcpy(request + 1, words, count * sizeof *words);
    enum status status = machine_ask(directory, request, count + 1, take_line, &asking, place);
    *exit_status = asking.exit_status;
    return status;
}

static enum status settle_node(void *context)
{
    struct node *node = context;
    return arena_seal(node->arena);
}

static enum status do_here(struct machine *machine, const char *directory, const struct operation *operation,
                           const char *const *words, size_t count, int *exit_status)
{
    struct streams streams;
    struct operating operating = {.settle = settle_node, .count = count};
    const struct recovery_options options = machine_recovery_options(machine);
    STATUS_TRY(recovery_open(directory, NULL, &options, &operating.node));
    memcpy(operating.words, words, count * sizeof *words);
    operating.settle_context = operating.node;
    streams_begin(&streams);
    operating.out = streams.out;
    operating.err = streams.err;
    node_enter(operating.node);
    enum status status = operation->run(&operating);
    streams_end(&streams);
    if (status == STATUS_OK) {
        fputs(streams.out_text, stdout);
        each_line(streams.err_text, take_err, (void *)machine->cli);
    }
    streams_free(&streams);
    recovery_close(operating.node);
    *exit_status = operating.exit_status;
    return status;
}

int operation_do(struct machine *machine, const char *directory, const struct operation *operation,
                 const char *const *words, size_t count)
{
    enum machine_place place;
    int exit_status = 0;
    CHECK(count <= OPERATION_WORDS_MAX && count >= operation->words_min);
    enum status status = ask(machine->cli, directory, operation, words, count, &place, &exit_status);
    if (status == STATUS_OK && place != MACHINE_ELSEWHERE)
        status = do_here(machine, directory, operation, words, count, &exit_status);
    return status == STATUS_OK ? exit_status : cli_fail(machine->cli, status);
}
