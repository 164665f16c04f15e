/* What the commands of the program `loam` are made of: words of a command line in,
 * reports out, and between them a machine, wherever it is, or an engine alone.
 *
 * Nothing here knows which commands there are.
 *
 * What a person reads goes to stderr, what a program reads goes to stdout.
 */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdio.h>

#include "base/base.h"
#include "driver/driver.h"
#include "host/host.h"
#include "nock/nock.h"
#include "noun/noun.h"
#include "recovery/recovery.h"
#include "stack/stack.h"

/* ---- exit statuses (documented in loam(1)) --------------------------------- */

enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_GUEST = 1,      /* the guest program crashed, refused or asked for failure */
    CLI_EXIT_GUEST_MAX = 63, /* a kernel's own [%exit code] passes through up to here */
    CLI_EXIT_USAGE = 64,     /* the command line makes no sense */
    CLI_EXIT_INVALID = 65,   /* an input is malformed */
    CLI_EXIT_NOT_FOUND = 66, /* a file or directory does not exist */
    CLI_EXIT_INTERNAL = 70,  /* our own mistake */
    CLI_EXIT_NO_MEMORY = 71, /* memory, or a configured limit */
    CLI_EXIT_NO_SPACE = 72,  /* the disk or a quota is full */
    CLI_EXIT_EXISTS = 73,    /* something is in the way */
    CLI_EXIT_IO = 74,        /* a read, write or sync failed */
    CLI_EXIT_BUSY = 75,      /* another process has the machine: try again later */
    CLI_EXIT_CORRUPT = 76,   /* stored bytes are not what was written */
    CLI_EXIT_PERMISSION = 77,
    CLI_EXIT_FORMAT = 78,   /* another version's, or another program's */
    CLI_EXIT_DIVERGED = 79, /* a replay did not reproduce the log */
    CLI_EXIT_SIGNAL = 128,  /* and the signal's number: 130, 143 */
};

int cli_exit_of_status(enum status status);

/* ---- one run of the program ------------------------------------------------ */

struct cli {
    const char *command; /* "run": for messages */
    bool quiet;          /* --quiet: only errors on stderr */
    bool json;           /* --json: reports on stdout are one JSON object */
    uint64_t started_ns; /* monotonic, first thing in main */
};

struct command {
    const char *name;
    const char *summary;   /* one line of `loam --help` */
    const char *explained; /* the paragraph of `loam NAME --help` */
    int (*run)(struct cli *cli, const struct command *command, int count, char **words);
};

/* ---- arguments (command/arguments.c) ------------------------------------------- */

#define CLI_LIST_MAX 256

/* The values of an option that may be repeated, in order. */
struct cli_list {
    const char *items[CLI_LIST_MAX];
    size_t count;
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_NUMBER };

struct option {
    const char *name;       /* "--kernel" */
    const char *value_name; /* "FILE"; NULL for a flag */
    const char *help;
    enum option_kind kind;
    void *target; /* bool *, const char **, struct cli_list *, uint64_t * */
};

struct operand {
    const char *name; /* "DIR" */
    const char *help;
    const char **target;
    bool optional;
};

struct arguments {
    const struct operand *operands;
    size_t operand_count;
    const struct option *options; /* --quiet, --json and --help are always there */
    size_t option_count;
};

/* Fills the targets.  Returns -1 to go on, or the exit status with which to
 * leave (after --help, or a usage error that has been explained). */
int arguments_parse(struct cli *cli, const struct command *command, const struct arguments *arguments, int count,
                    char **words) MUST_USE;

/* ---- what a person reads (command/report.c) ------------------------------------ */

/* "loam COMMAND: message" on stderr.  `cli_note` is silenced by --quiet. */
__attribute__((format(printf, 2, 3))) void cli_error(const struct cli *cli, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cli_note(const struct cli *cli, const char *format, ...);

/* A usage error with its cure; returns CLI_EXIT_USAGE. */
__attribute__((format(printf, 3, 4))) int cli_usage(const struct cli *cli, const struct command *command,
                                                    const char *format, ...);

/* Reports the thread's message of `status` and returns the exit status for it. */
int cli_fail(const struct cli *cli, enum status status);

/* ---- quantities as a person reads them (command/text.c) ------------------------ */

/* "1.2 MiB", "3.4 s", "2026-01-31T23:59:59Z": into one of four rotating static buffers. */
const char *cli_bytes_text(uint64_t size_bytes);
const char *cli_duration_text(uint64_t duration_ns);
const char *cli_date_text(uint64_t wall_ms);

/* "90s", "10m", "6h": a number without a unit is seconds.  False if it is none. */
bool duration_read(const char *text, uint64_t *duration_ms);

/* ---- progress (command/progress.c) --------------------------------------------- */

/* A line with the time left, on a terminal, for what takes more than a second.
 * `label` is what is being counted ("replaying events"); total 0 if unknown. */
struct progress {
    const struct cli *cli;
    const char *label;
    uint64_t started_ns;
    uint64_t shown_ns;
    bool is_wanted;
    bool is_shown;
};

void progress_begin(struct progress *progress, const struct cli *cli, const char *label);
void progress_update(struct progress *progress, uint64_t done, uint64_t total);
void progress_end(struct progress *progress);

/* Before a line of text, whoever shows progress now: it is drawn again soon. */
void progress_clear_line(void);

/* The same for what cannot count for itself: by the calls that `host`'s machine
 * makes (if more than expected come, the rest is unknown), or, if `host` is
 * NULL, by the time alone (command/ticker.c). */
struct ticker;
enum status ticker_start(const struct cli *cli, const char *label, struct host *host, uint64_t calls_expected,
                         struct ticker **out) MUST_USE;
void ticker_stop(struct ticker *ticker);

/* ---- JSON out (command/json.c) -------------------------------------------------- */

/* One object, or an array of them; keys are ours and need no escapes. */
struct json {
    FILE *to;
    bool has_member;
};

void json_begin(struct json *json); /* on stdout */
void json_begin_to(struct json *json, FILE *to);
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);
void json_real(struct json *json, const char *key, double value);
void json_hex64(struct json *json, const char *key, uint64_t value);
void json_digest(struct json *json, const char *key, const uint8_t *bytes, size_t size_bytes);
void json_boolean(struct json *json, const char *key, bool value);

/* Objects in an array: json_array, then json_begin and json_end for each, json_array_end. */
void json_array(struct json *json, const char *key);
void json_item(struct json *array, struct json *item);
void json_item_end(struct json *item);
void json_array_end(struct json *json);

/* Strings in an array. */
void json_item_string(struct json *array, const char *value);
void json_end(struct json *json); /* and a newline */

/* ---- nouns in and out (command/noun_io.c) ---------------------------------------- */

/* The noun that a word of the command line stands for:
 *
 *   @FILE.loam   the program in that source file, assembled
 *   @FILE        the noun whose jam the file holds; @- is standard input
 *   anything     the noun in text
 *
 * `name` is what messages call the word ("CAUSE"). */
enum status noun_from_word(struct stack *stack, const char *name, const char *word, noun *out) MUST_USE;

/* If `word` is NULL or "-": the noun on standard input, in text or as a jam. */
enum status noun_from_word_or_stdin(struct stack *stack, const char *name, const char *word, noun *out) MUST_USE;

/* A kernel or other jam as bytes: those of the file, or, if its name ends in
 * .loam, assembled and jammed.  The caller frees *bytes. */
enum status jam_from_file(const char *path, uint8_t **bytes, size_t *size_bytes) MUST_USE;

/* The program in a source file, or on standard input if `path` is NULL. */
enum status source_assemble(struct stack *stack, const char *path, noun *out) MUST_USE;

/* All of standard input; the caller frees *bytes. */
enum status stdin_read(uint8_t **bytes, size_t *size_bytes) MUST_USE;

/* May a result be written there?  Not in the place of a machine's own files, nor, unless it
 * `may_be_device`, of what is no file. */
enum status output_check(const char *path, bool may_be_device) MUST_USE;

/* Bytes to a file, or to standard output if `path` is NULL. */
enum status bytes_write(const char *path, const void *bytes, size_t size_bytes) MUST_USE;

/* The noun's jam, likewise; but not to somebody's terminal. */
enum status jam_write(noun n, const char *path) MUST_USE;

/* A noun as one line of text on standard output. */
enum status noun_print_line(noun n) MUST_USE;

/* ---- a host for a command (command/machine.c) ------------------------------------- */

/* What the commands that run a kernel have in common on their command lines. */
struct machine_options {
    const char *log_level;         /* --log */
    uint64_t event_timeout_s;      /* --event-timeout */
    uint64_t max_event_memory_mib; /* --max-event-memory */
    uint64_t max_stack_mib;        /* --max-stack */
    uint64_t max_arena_mib;        /* --max-arena */
    const char *stack_backing;     /* --stack-backing */
    const char *engine;            /* --engine */
    bool check_jets;               /* --jet-check */
};

#define MACHINE_OPTIONS(options)                                                                                       \
    {"--log", "LEVEL", "what the kernel says: error, warn, info (the default), debug, trace", OPTION_TEXT,             \
     &(options).log_level},                                                                                            \
        {"--event-timeout", "SECONDS", "an event that takes longer fails", OPTION_NUMBER, &(options).event_timeout_s}, \
        {"--max-event-memory", "MIB", "an event whose nouns need more memory fails", OPTION_NUMBER,                    \
         &(options).max_event_memory_mib},                                                                             \
        {"--max-stack", "MIB", "an event whose calls are nested deeper fails", OPTION_NUMBER,                          \
         &(options).max_stack_mib},                                                                                    \
        {"--max-arena", "MIB", "an event for which the arena's file would outgrow it is refused", OPTION_NUMBER,       \
         &(options).max_arena_mib},                                                                                    \
        {"--stack-backing", "WHERE",                                                                                   \
         "an event's nouns: memory (the default), or arena: on the arena's disk if need be", OPTION_TEXT,              \
         &(options).stack_backing},                                                                                    \
        {"--engine", "NAME", "native (the default), or interpreter: no machine code", OPTION_TEXT, &(options).engine}, \
    {                                                                                                                  \
        "--jet-check", NULL, "run every jet beside its Nock; stop at a difference", OPTION_FLAG, &(options).check_jets \
    }

/* A host's ears: its warnings, its progress and its kernel's voice on stderr. */
struct machine {
    const struct cli *cli;
    struct progress progress;
    enum driver_slog_level level;
    struct host_options options; /* for host_open and the like */
};

/* As arguments_parse; then gives the machine its ears, and what `options`, which
 * is among the targets, says.  NULL: the command takes none of those. */
int machine_parse(struct machine *machine, const struct machine_options *options, struct cli *cli,
                  const struct command *command, const struct arguments *arguments, int count, char **words) MUST_USE;

/* The same ears for what is opened without a host. */
struct recovery_options machine_recovery_options(struct machine *machine);

/* Where a machine is, for a command that is done there. */
enum machine_place {
    MACHINE_HERE,      /* no process runs it: it is ours */
    MACHINE_UNHEARING, /* some process has it, but does not listen */
    MACHINE_ELSEWHERE, /* the process that runs it has answered */
};

/* Asks the process that runs the machine, if there is one; `line` gets each line
 * of its answer, or, if it is NULL, stdout does.  The status is the answer's, if
 * *place is MACHINE_ELSEWHERE. */
enum status machine_ask(const char *directory, const char *const *words, size_t count, host_line_fn *line,
                        void *context, enum machine_place *place) MUST_USE;

/* A poke's effects, each as a line of text; or, for JSON, as an array. */
enum status machine_print_effects(noun effects) MUST_USE;
enum status machine_json_effects(struct json *json, noun effects) MUST_USE;

/* "%exit: first line of the trace ..."; the caller frees it. */
char *machine_goof_text(noun goof);

/* ---- operations (command/operate.c) -------------------------------------------------- */

#define OPERATION_WORDS_MAX 8

/* An operation at work, in the process that has the machine. */
struct operating {
    struct node *node;
    enum status (*settle)(void *context); /* waits until all that was written is durable */
    void *settle_context;
    const char *words[OPERATION_WORDS_MAX];
    size_t count;
    FILE *out, *err; /* lines for whoever asked */
    int exit_status;
};

struct operation {
    struct host_command command; /* its context is the operation, its function operation_answer */
    size_t words_min;
    enum status (*run)(struct operating *operating);
};

/* Does it where the machine is; returns the exit status. */
int operation_do(struct machine *machine, const char *directory, const struct operation *operation,
                 const char *const *words, size_t count);

/* The function of an operation's host_command. */
void operation_answer(void *context, struct host *host, struct host_call *call);

/* ---- collections (command/collections.c) --------------------------------------- */

/* One collection on one line, or as members of an object. */
void gc_record_text(const struct collector_record *record, char *text, size_t size_bytes);
void gc_record_json(struct json *json, const struct collector_record *record);

/* What `loam status` says. */
void gc_status_print(FILE *to, const struct host_gc_status *facts);
void gc_status_json(struct json *json, const struct host_gc_status *facts);

/* ---- profiles (command/profile.c) ----------------------------------------------------- */

struct profiling {
    struct cli_list files;
    struct nock *machine; /* that is profiled; NULL: none */
};

#define PROFILE_OPTION(profiling)                                                                                      \
    {                                                                                                                  \
        "--profile", "FILE", "sample the Hoon stack; a trace for Chrome, or, named *.folded, folded stacks",           \
            OPTION_LIST, &(profiling).files                                                                            \
    }

/* Nothing if no file was named.  The end writes the files, and the arms with
 * the most time to stderr; it comes before the machine is destroyed. */
enum status profiling_begin(struct profiling *profiling, struct nock *machine) MUST_USE;
enum status profiling_end(struct profiling *profiling, const struct cli *cli) MUST_USE;

/* ---- an engine without a kernel (command/engine.c) -------------------------------- */

/* Memory and a machine for the filters. */
struct engine {
    uint8_t *space;
    struct stack *stack;
    struct nock *machine;
};

enum status engine_open(struct engine *engine, bool check_jets) MUST_USE;
void engine_close(struct engine *engine);

/* Opens an engine, has `body` use it, and turns its status into an exit status. */
int engine_run(const struct cli *cli, bool check_jets, enum status (*body)(struct engine *engine, void *context),
               void *context);

#endif
