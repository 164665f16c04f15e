/* loam hoonc: the Hoon compiler as a machine.
 *
 * The compiler is a kernel like any other; this command makes or opens its
 * machine, boots it once with the library's text, sends it the files of a
 * directory as one cause, and lets the file and exit drivers carry out what it
 * answers.  The exit status tells the truth: 0 only if the output was written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hoonc.h"
#include "codec/codec.h"
#include "kernel/kernel.h"
#include "os/os.h"

#define TEXT_MAX_BYTES ((uint64_t)1 << 32)

/* How many calls compiling the library takes, per byte of its text: for the
 * time left on the progress line. */
#define BOOT_CALLS_PER_BYTE 370

struct hoonc {
    struct cli *cli;
    const char *kernel, *state_jam, *library, *entry, *directory, *output, *data_dir;
    bool is_arbitrary, is_new, exact_files;
    struct machine_options machine_options;
    struct profiling profiling;

    struct machine machine;
    struct host *host;
    char *entry_path, *output_path, *data_path; /* owned, absolute */
    struct driver_answer answer;
    bool is_written;
    size_t written_bytes;
};

/* ---- paths ------------------------------------------------------------------------------ */

static enum status find_entry(struct hoonc *hoonc)
{
    hoonc->entry_path = realpath(hoonc->entry, NULL);
    if (hoonc->entry_path == NULL)
        return status_fail(STATUS_NOT_FOUND, "there is no file %s to compile", hoonc->entry);
    enum os_kind kind;
    STATUS_TRY(os_kind_of(hoonc->entry_path, &kind));
    if (kind != OS_KIND_FILE)
        return status_fail(STATUS_INVALID, "%s is not a file: name the Hoon source to compile", hoonc->entry);
    return STATUS_OK;
}

static enum status check_library(const struct hoonc *hoonc)
{
    enum os_kind kind = OS_KIND_FILE;
    if (hoonc->library != NULL)
        STATUS_TRY(os_kind_of(hoonc->library, &kind));
    return kind == OS_KIND_FILE ? STATUS_OK
                                : status_fail(STATUS_NOT_FOUND,
                                              "there is no library %s: give the path of hoon-138.hoon", hoonc->library);
}

/* An absolute path for the output: its directory must be there. */
static enum status find_output(struct hoonc *hoonc)
{
    const char *output = hoonc->output == NULL ? "out.jam" : hoonc->output;
    enum os_kind kind;
    STATUS_TRY(os_kind_of(output, &kind));
    char *wanted = kind == OS_KIND_DIRECTORY ? text_format("%s/out.jam", output) : text_format("%s", output);
    char *slash = strrchr(wanted, '/');
    if (slash != NULL)
        *slash = 0;
    char *parent = realpath(slash == NULL ? "." : slash == wanted ? "/" : wanted, NULL);
    if (parent != NULL)
        hoonc->output_path =
            text_format("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, slash == NULL ? wanted : slash + 1);
    enum status status = STATUS_OK;
    if (parent == NULL)
        status = status_fail(STATUS_NOT_FOUND, "there is no directory %s to write the output to: make it first",
                             slash == NULL ? "." : wanted);
    free(parent);
    free(wanted);
    return status;
}

/* --data-dir, $LOAM_HOME/hoonc, $NOCKAPP_HOME/hoonc or ~/.loam/hoonc */
static enum status find_data(struct hoonc *hoonc)
{
    const char *home = getenv("LOAM_HOME");
    if (hoonc->data_dir != NULL) {
        hoonc->data_path = text_format("%s", hoonc->data_dir);
        return STATUS_OK;
    }
    if (home == NULL)
        home = getenv("NOCKAPP_HOME");
    const char *user = getenv("HOME");
    if (home == NULL && user == NULL)
        return status_fail(STATUS_NOT_FOUND, "where is the compiler's machine? give --data-dir DIR");
    char *parent = home != NULL ? text_format("%s", home) : text_format("%s/.loam", user);
    hoonc->data_path = text_format("%s/hoonc", parent);
    enum status status = os_directory_create(parent, true);
    free(parent);
    return status;
}

/* ---- the compiler's machine ---------------------------------------------------------------- */

static enum status make_machine(struct hoonc *hoonc)
{
    struct host_kernel kernel;
    if (hoonc->kernel == NULL)
        return status_fail(STATUS_NOT_FOUND, "%s holds no compiler yet: give --kernel hoonc.jam", hoonc->data_path);
    STATUS_TRY(jam_from_file(hoonc->kernel, (uint8_t **)&kernel.bytes, &kernel.size_bytes));
    enum status status =
        host_create(hoonc->data_path, &kernel, hoonc->state_jam, &hoonc->machine.options, &hoonc->host);
    free((void *)kernel.bytes);
    return status;
}

static enum status open_machine(struct hoonc *hoonc)
{
    struct host_kernel kernel = {0};
    if (hoonc->state_jam != NULL)
        cli_note(hoonc->cli, "%s has a state already; --state-jam is not read (--new wants an empty directory)",
                 hoonc->data_path);
    if (hoonc->kernel != NULL)
        STATUS_TRY(jam_from_file(hoonc->kernel, (uint8_t **)&kernel.bytes, &kernel.size_bytes));
    enum status status = host_open(hoonc->data_path, &kernel, &hoonc->machine.options, &hoonc->host);
    free((void *)kernel.bytes);
    return status;
}

static enum status make_or_open(struct hoonc *hoonc)
{
    char *mark = text_format("%s/loam.machine", hoonc->data_path);
    enum os_kind kind;
    enum status status = os_kind_of(mark, &kind);
    free(mark);
    if (status != STATUS_OK)
        return status;
    return kind == OS_KIND_FILE && !hoonc->is_new ? open_machine(hoonc) : make_machine(hoonc);
}

/* ---- booting the compiler ------------------------------------------------------------------- */

/* Peeks [%booted ~]: [~ ~ 0] once the library is compiled. */
static enum status is_booted(struct hoonc *hoonc, bool *booted)
{
    struct stack *stack = host_stack(hoonc->host);
    noun product;
    STATUS_TRY(host_peek(hoonc->host, stack_cell(stack, noun_cord("booted"), 0), &product));
    *booted = noun_at(product, 7) == 0;
    host_reset(hoonc->host);
    return STATUS_OK;
}

static enum status read_text(struct stack *stack, const char *path, noun *cord)
{
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(os_read_whole(path, TEXT_MAX_BYTES, &bytes, &size_bytes));
    *cord = stack_atom_from_bytes(stack, bytes, size_bytes);
    free(bytes);
    return STATUS_OK;
}

static enum status explain_event(const struct host_event *event, const char *what)
{
    if (event->answer == HOST_REFUSED)
        return status_add_context(event->reason, "%s failed", what);
    char *text = machine_goof_text(event->goof);
    enum status status = status_fail(STATUS_CRASHED, "%s failed: %.800s", what, text);
    free(text);
    return status;
}

static enum status boot(struct hoonc *hoonc)
{
    struct stack *stack = host_stack(hoonc->host);
    struct host_event event;
    struct ticker *ticker;
    noun text;
    STATUS_TRY(read_text(stack, hoonc->library, &text));
    uint64_t calls = noun_atom_length_bytes(text) * BOOT_CALLS_PER_BYTE;
    cli_note(hoonc->cli, "compiling the library %s, once for this data directory", hoonc->library);
    STATUS_TRY(ticker_start(hoonc->cli, "calls of the library's compilation", hoonc->host, calls, &ticker));
    noun wire = kernel_wire_plain(stack, "one-punch", 1);
    enum status status = host_poke(hoonc->host, wire, stack_cell(stack, noun_cord("boot"), text), &event);
    ticker_stop(ticker);
    if (status == STATUS_OK && event.answer != HOST_ACCEPTED)
        status = explain_event(&event, "compiling the library");
    host_reset(hoonc->host);
    return status;
}

static enum status boot_if_needed(struct hoonc *hoonc)
{
    bool booted;
    STATUS_TRY(is_booted(hoonc, &booted));
    if (booted)
        return STATUS_OK;
    if (hoonc->library == NULL)
        return status_fail(STATUS_NOT_FOUND,
                           "the compiler in %s has no library yet: give --library hoon-138.hoon, or begin anew with "
                           "--state-jam FILE",
                           hoonc->data_path);
    return boot(hoonc);
}

/* ---- building ---------------------------------------------------------------------------------- */

/* [%build pat tex directory arbitrary out] */
static enum status build_cause(struct hoonc *hoonc, noun *cause)
{
    struct stack *stack = host_stack(hoonc->host);
    noun text, files;
    STATUS_TRY(read_text(stack, hoonc->entry_path, &text));
    STATUS_TRY(hoonc_read_directory(stack, hoonc->directory, &files));
    noun tail = stack_cell(stack, hoonc->is_arbitrary ? NOUN_YES : NOUN_NO, stack_cord(stack, hoonc->output_path));
    tail = stack_triple(stack, text, files, tail);
    *cause = stack_triple(stack, noun_cord("build"), stack_cord(stack, hoonc->entry_path), tail);
    return STATUS_OK;
}

static void on_wrote(void *context, const char *path, size_t size_bytes, bool is_written)
{
    struct hoonc *hoonc = context;
    if (strcmp(path, hoonc->output_path) == 0 && is_written) {
        hoonc->is_written = true;
        hoonc->written_bytes = size_bytes;
    }
    if (!is_written)
        cli_error(hoonc->cli, "%s", status_message());
}

static enum status run_build(struct hoonc *hoonc, struct host_driver *punch, int *exit_code)
{
    const struct driver_file_options options = {.exact_bytes = hoonc->exact_files, .wrote = on_wrote, .context = hoonc};
    struct host_driver *file = driver_file_create(&options);
    struct ticker *ticker;
    host_add_driver(hoonc->host, file);
    host_add_driver(hoonc->host, &driver_exit);
    host_add_driver(hoonc->host, punch);
    enum status status = ticker_start(hoonc->cli, "calls of the build", hoonc->host, 0, &ticker);
    if (status == STATUS_OK) {
        status = host_run(hoonc->host, true, exit_code);
        ticker_stop(ticker);
    }
    if (status == STATUS_OK)
        status = profiling_end(&hoonc->profiling, hoonc->cli);
    host_close(hoonc->host);
    hoonc->host = NULL;
    driver_file_destroy(file);
    return status;
}

static enum status build(struct hoonc *hoonc, int *exit_code)
{
    noun cause;
    uint8_t *jam;
    size_t size_bytes;
    STATUS_TRY(build_cause(hoonc, &cause));
    STATUS_TRY(codec_jam(cause, &jam, &size_bytes));
    host_reset(hoonc->host);
    struct host_driver *punch = driver_one_punch_create(jam, size_bytes, &hoonc->answer);
    free(jam);
    enum status status = run_build(hoonc, punch, exit_code);
    driver_one_punch_destroy(punch);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------------- */

static void report(const struct hoonc *hoonc)
{
    uint64_t elapsed_ns = os_clock_ns() - hoonc->cli->started_ns;
    if (!hoonc->cli->json) {
        cli_note(hoonc->cli, "wrote %s, %zu bytes, in %s", hoonc->output_path, hoonc->written_bytes,
                 cli_duration_text(elapsed_ns));
        return;
    }
    struct json json;
    json_begin(&json);
    json_string(&json, "output", hoonc->output_path);
    json_number(&json, "bytes", hoonc->written_bytes);
    json_real(&json, "seconds", (double)elapsed_ns / 1e9);
    json_number(&json, "resident_peak_bytes", os_resident_peak_bytes());
    json_end(&json);
}

static int finish(const struct hoonc *hoonc, int exit_code)
{
    if (os_signal_received() != 0)
        return CLI_EXIT_SIGNAL + os_signal_received();
    if (exit_code == 0 && hoonc->is_written) {
        report(hoonc);
        return CLI_EXIT_OK;
    }
    if (hoonc->answer.answer == HOST_SWAPPED)
        cli_error(hoonc->cli, "no output: the compiler crashed on these sources (see above: a syntax error, a missing "
                              "or cyclic import, or a file name that it does not take)");
    else
        cli_error(hoonc->cli, "no output: %s",
                  hoonc->is_written ? "the compiler asked for failure" : "the build failed, see above");
    return CLI_EXIT_GUEST;
}

static int compile(struct hoonc *hoonc)
{
    int exit_code = 0;
    os_heap_prepare();
    codec_keep_little(); /* few jams, and large ones */
    enum status status = find_entry(hoonc);
    if (status == STATUS_OK)
        status = check_library(hoonc);
    if (status == STATUS_OK)
        status = find_output(hoonc);
    if (status == STATUS_OK)
        status = hoonc_check_directory(hoonc->directory);
    if (status == STATUS_OK)
        status = find_data(hoonc);
    if (status == STATUS_OK)
        status = make_or_open(hoonc);
    if (status == STATUS_OK)
        status = profiling_begin(&hoonc->profiling, host_machine(hoonc->host));
    if (status == STATUS_OK)
        status = boot_if_needed(hoonc);
    if (status == STATUS_OK)
        status = build(hoonc, &exit_code);
    host_close(hoonc->host);
    return status == STATUS_OK ? finish(hoonc, exit_code) : cli_fail(hoonc->cli, status);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    struct hoonc hoonc = {.cli = cli, .directory = "hoon"};
    const struct operand operands[] = {
        {"ENTRY", "the Hoon source to compile", &hoonc.entry, false},
        {"DIRECTORY", "where imports are found; hoon if not given", &hoonc.directory, true}};
    const struct option table[] = {
        {"--kernel", "FILE", "the compiler's kernel, hoonc.jam; needed the first time", OPTION_TEXT, &hoonc.kernel},
        {"--state-jam", "FILE", "begin with this exported state (hoonc-prewarm.jam)", OPTION_TEXT, &hoonc.state_jam},
        {"--library", "FILE", "or with the library's text (hoon-138.hoon), compiled first", OPTION_TEXT,
         &hoonc.library},
        {"--arbitrary", NULL, "whatever the file evaluates to, not a kernel", OPTION_FLAG, &hoonc.is_arbitrary},
        {"--output", "FILE", "the output, or its directory; ./out.jam if not given", OPTION_TEXT, &hoonc.output},
        {"--data-dir", "DIR", "the compiler's machine; ~/.loam/hoonc if not given", OPTION_TEXT, &hoonc.data_dir},
        {"--new", NULL, "make the machine anew, in an empty directory", OPTION_FLAG, &hoonc.is_new},
        {"--exact-files", NULL, "do not pad the output to 8 bytes", OPTION_FLAG, &hoonc.exact_files},
        PROFILE_OPTION(hoonc.profiling),
        MACHINE_OPTIONS(hoonc.machine_options),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&hoonc.machine, &hoonc.machine_options, cli, command, &arguments, count, words);
    if (leave < 0)
        leave = compile(&hoonc);
    free(hoonc.entry_path);
    free(hoonc.output_path);
    free(hoonc.data_path);
    return leave;
}

const struct command command_hoonc = {
    .name = "hoonc",
    .summary = "compile Hoon",
    .explained = "Compiles ENTRY, with the imports it finds in DIRECTORY, by running the Hoon compiler as a\n"
                 "machine that remembers what it has compiled.  The exit status is 0 only if the output was\n"
                 "written.",
    .run = run,
};
