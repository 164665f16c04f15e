/* What the commands that run a kernel share: its options and its voice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "codec/codec.h"
#include "kernel/kernel.h"

#define GOOF_TANKS_MAX 8

static void on_slog(void *context, uint64_t priority, noun tank)
{
    struct machine *machine = context;
    progress_clear_line();
    driver_slog(&machine->level, priority, tank);
}

static void on_warn(void *context, const char *message)
{
    struct machine *machine = context;
    progress_clear_line();
    cli_note(machine->cli, "%s", message);
}

static void on_progress(void *context, const char *label, uint64_t done, uint64_t total)
{
    struct machine *machine = context;
    if (machine->progress.label != label)
        progress_begin(&machine->progress, machine->cli, label);
    progress_update(&machine->progress, done, total);
    if (done == total)
        progress_end(&machine->progress);
}

static void on_collected(void *context, const struct collector_record *record)
{
    struct machine *machine = context;
    char text[256];
    gc_record_text(record, text, sizeof text);
    progress_clear_line();
    cli_note(machine->cli, "%s", text);
}

/* The thread that has it in hand may never return. */
static void on_rotten(void *context, const char *message)
{
    struct machine *machine = context;
    progress_clear_line();
    cli_error(machine->cli, "%s", message);
    _exit(CLI_EXIT_CORRUPT);
}

/* What more would be no limit, and its bytes or nanoseconds might not fit into a word. */
#define MIB_MAX (NOUN_SPACE_BYTES >> 20)
#define SECONDS_MAX ((uint64_t)1000000000)

static int check_limits(const struct cli *cli, const struct command *command, const struct machine_options *options)
{
    const struct {
        const char *name;
        uint64_t value, most;
    } limits[] = {
        {"--event-timeout", options->event_timeout_s, SECONDS_MAX},
        {"--max-event-memory", options->max_event_memory_mib, MIB_MAX},
        {"--max-stack", options->max_stack_mib, MIB_MAX},
        {"--max-arena", options->max_arena_mib, MIB_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        if (limits[i].value > limits[i].most)
            return cli_usage(cli, command, "%s wants %" PRIu64 " at most, not %" PRIu64, limits[i].name, limits[i].most,
                             limits[i].value);
    return -1;
}

static int init(struct machine *machine, const struct cli *cli, const struct command *command,
                const struct machine_options *options)
{
    *machine = (struct machine){
        .cli = cli,
        .level = cli->quiet ? DRIVER_SLOG_WARN : DRIVER_SLOG_INFO,
        .options = {.listener = {.context = machine,
                                 .slog = on_slog,
                                 .warn = on_warn,
                                 .progress = on_progress,
                                 .collected = on_collected,
                                 .rotten = on_rotten},
                    .event_limit_ms = options->event_timeout_s * 1000,
                    .memory_limit_bytes = options->max_event_memory_mib << 20,
                    .arena_limit_bytes = options->max_arena_mib << 20,
                    .depth_limit_bytes = options->max_stack_mib << 20,
                    .is_stack_backed = options->stack_backing != NULL && strcmp(options->stack_backing, "arena") == 0,
                    .is_interpreted = options->engine != NULL && strcmp(options->engine, "interpreter") == 0,
                    .check_jets = options->check_jets},
    };
    if (options->log_level != NULL && !driver_slog_level_read(options->log_level, &machine->level))
        return cli_usage(cli, command, "--log wants error, warn, info, debug or trace, not \"%s\"", options->log_level);
    if (options->stack_backing != NULL && !machine->options.is_stack_backed &&
        strcmp(options->stack_backing, "memory") != 0)
        return cli_usage(cli, command, "--stack-backing wants memory or arena, not \"%s\"", options->stack_backing);
    if (options->engine != NULL && !machine->options.is_interpreted && strcmp(options->engine, "native") != 0)
        return cli_usage(cli, command, "--engine wants native or interpreter, not \"%s\"", options->engine);
    return check_limits(cli, command, options);
}

int machine_parse(struct machine *machine, const struct machine_options *options, struct cli *cli,
                  const struct command *command, const struct arguments *arguments, int count, char **words)
{
    static const struct machine_options none;
    int leave = arguments_parse(cli, command, arguments, count, words);
    return leave >= 0 ? leave : init(machine, cli, command, options == NULL ? &none : options);
}

struct recovery_options machine_recovery_options(struct machine *machine)
{
    const struct host_listener *listener = &machine->options.listener;
    return (struct recovery_options){
        .listener = {.context = machine,
                     .slog = listener->slog,
                     .warn = listener->warn,
                     .progress = listener->progress},
        .memory_limit_bytes = machine->options.memory_limit_bytes,
        .arena_limit_bytes = machine->options.arena_limit_bytes,
        .depth_limit_bytes = machine->options.depth_limit_bytes,
        .is_stack_backed = machine->options.is_stack_backed,
        .is_interpreted = machine->options.is_interpreted,
        .check_jets = machine->options.check_jets,
    };
}

/* ---- a running one -------------------------------------------------------------------- */

static void print_line(void *context, const char *line)
{
    (void)context;
    puts(line);
}

enum status machine_ask(const char *directory, const char *const *words, size_t count, host_line_fn *line,
                        void *context, enum machine_place *place)
{
    bool is_running, is_served;
    *place = MACHINE_HERE;
    STATUS_TRY(host_is_running(directory, &is_running));
    if (!is_running)
        return STATUS_OK;
    enum status status = host_ask(directory, words, count, line == NULL ? print_line : line, context, &is_served);
    *place = is_served ? MACHINE_ELSEWHERE : MACHINE_UNHEARING;
    return is_served ? status : STATUS_OK;
}

/* ---- results ------------------------------------------------------------------------ */

enum status machine_print_effects(noun effects)
{
    noun effect;
    while (kernel_effect_next(&effects, &effect))
        STATUS_TRY(noun_print_line(effect));
    return STATUS_OK;
}

enum status machine_json_effects(struct json *json, noun effects)
{
    noun effect;
    json_array(json, "effects");
    while (kernel_effect_next(&effects, &effect)) {
        char *text;
        STATUS_TRY(codec_print(effect, NULL, &text, NULL));
        json_item_string(json, text);
        free(text);
    }
    json_array_end(json);
    return STATUS_OK;
}

char *machine_goof_text(noun goof)
{
    struct kernel_goof parts = {0};
    if (noun_is_cell(goof))
        parts = (struct kernel_goof){.mote = noun_head(goof), .tang = noun_tail(goof)};
    return kernel_goof_text(&parts, GOOF_TANKS_MAX);
}
