/* libloam: the host behind one stable header.
 *
 * Nothing is decided here.  Nouns come in as bytes and are built on the host's
 * stack after a reset, so no call ever sees a noun of another one.
 */
#include "loam/loam.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "host/host.h"
#include "kernel/kernel.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define REASON_TANKS_MAX 16

#define BATCH_EVENTS_DEFAULT 100
#define BATCH_MS_DEFAULT 10
#define GC_INTERVAL_MS_DEFAULT 60000

struct loam {
    struct host *host; /* owned */
    struct loam_options options;
};

/* The two enums are one. */
static_assert((int)LOAM_OK == STATUS_OK && (int)LOAM_INVALID == STATUS_INVALID &&
                  (int)LOAM_NOT_FOUND == STATUS_NOT_FOUND && (int)LOAM_EXISTS == STATUS_EXISTS &&
                  (int)LOAM_BUSY == STATUS_BUSY && (int)LOAM_PERMISSION == STATUS_PERMISSION &&
                  (int)LOAM_NO_SPACE == STATUS_NO_SPACE && (int)LOAM_NO_MEMORY == STATUS_NO_MEMORY &&
                  (int)LOAM_LIMIT == STATUS_LIMIT && (int)LOAM_IO == STATUS_IO && (int)LOAM_CORRUPT == STATUS_CORRUPT &&
                  (int)LOAM_FORMAT == STATUS_FORMAT && (int)LOAM_DIVERGED == STATUS_DIVERGED &&
                  (int)LOAM_INTERRUPTED == STATUS_INTERRUPTED && (int)LOAM_CRASHED == STATUS_CRASHED &&
                  (int)LOAM_CRASHED + 1 == STATUS_COUNT,
              "results are statuses");
static_assert((int)LOAM_REFUSED == HOST_REFUSED && (int)LOAM_ACCEPTED == HOST_ACCEPTED &&
                  (int)LOAM_SWAPPED == HOST_SWAPPED,
              "outcomes are answers");
static_assert(LOAM_HASH_SIZE_BYTES == HASH_BLAKE3_SIZE_BYTES, "hashes are hashes");

static enum loam_result result_of(enum status status)
{
    return (enum loam_result)status;
}

const char *loam_result_name(enum loam_result result)
{
    return (unsigned)result < STATUS_COUNT ? status_name((enum status)result) : "unknown";
}

const char *loam_message(void)
{
    return status_message();
}

const char *loam_version(void)
{
    return LOAM_VERSION;
}

/* ---- opening and closing ------------------------------------------------------------- */

static void on_slog(void *context, uint64_t priority, noun tank)
{
    const struct loam *loam = context;
    char *line;
    size_t size_bytes;
    if (loam->options.slog == NULL || !kernel_tank_line(tank, LINE_MAX_BYTES, &line, &size_bytes))
        return;
    loam->options.slog(loam->options.context, priority, line);
    free(line);
}

static void on_warn(void *context, const char *message)
{
    const struct loam *loam = context;
    if (loam->options.warn != NULL)
        loam->options.warn(loam->options.context, message);
}

static struct loam *loam_new(const struct loam_options *options)
{
    struct loam *loam = calloc(1, sizeof *loam);
    if (loam == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *loam);
    if (options != NULL)
        loam->options = *options;
    return loam;
}

static struct host_durability host_durability(const struct loam_options *options)
{
    static const enum host_durability_mode modes[] = {
        [LOAM_DURABLE_EVENT] = HOST_DURABLE_EVENT,
        [LOAM_DURABLE_BATCH] = HOST_DURABLE_BATCH,
        [LOAM_DURABLE_NONE] = HOST_DURABLE_NONE,
    };
    return (struct host_durability){
        .mode = modes[options->durability],
        .batch_events = options->batch_events == 0 ? BATCH_EVENTS_DEFAULT : options->batch_events,
        .batch_ms = options->batch_ms == 0 ? BATCH_MS_DEFAULT : options->batch_ms,
    };
}

static struct host_gc_options host_gc(const struct loam_options *options)
{
    static const enum host_gc_mode modes[] = {
        [LOAM_GC_AUTO] = HOST_GC_AUTO,
        [LOAM_GC_OFF] = HOST_GC_OFF,
        [LOAM_GC_INTERVAL] = HOST_GC_INTERVAL,
    };
    return (struct host_gc_options){
        .mode = modes[options->gc],
        .interval_ms = options->gc_interval_ms == 0 ? GC_INTERVAL_MS_DEFAULT : options->gc_interval_ms,
        .slack_bytes = options->gc_slack_bytes,
    };
}

static struct host_options host_options(struct loam *loam)
{
    const struct loam_options *options = &loam->options;
    return (struct host_options){
        .listener = {.context = loam, .slog = on_slog, .warn = on_warn},
        .gc = host_gc(options),
        .memory_limit_bytes = options->memory_limit_bytes,
        .arena_limit_bytes = options->arena_limit_bytes,
        .depth_limit_bytes = options->stack_limit_bytes,
        .is_stack_backed = options->stack == LOAM_STACK_DISK,
        .event_limit_ms = options->event_limit_ms,
        .durability = host_durability(options),
        .is_interpreted = options->is_interpreted,
        .check_jets = options->check_jets,
    };
}

static enum status check_options(const struct loam_options *options)
{
    if (options == NULL || ((unsigned)options->durability <= LOAM_DURABLE_NONE &&
                            (unsigned)options->gc <= LOAM_GC_INTERVAL && (unsigned)options->stack <= LOAM_STACK_DISK))
        return STATUS_OK;
    return status_fail(STATUS_INVALID, "one of the options durability, gc and stack has a value that there is not: "
                                       "begin with `struct loam_options options = {0}`");
}

/* A handle to open a host with; NULL if the options are not sound. */
static enum status begin_open(const struct loam_options *options, struct loam **loam, struct host_options *inner)
{
    *loam = NULL;
    STATUS_TRY(check_options(options));
    *loam = loam_new(options);
    *inner = host_options(*loam);
    return STATUS_OK;
}

static enum loam_result finish_open(struct loam *loam, enum status status, struct loam **out)
{
    *out = status == STATUS_OK ? loam : NULL;
    if (status != STATUS_OK)
        free(loam);
    return result_of(status);
}

enum loam_result loam_create(const char *directory, const void *kernel_jam, size_t kernel_size_bytes,
                             const struct loam_options *options, struct loam **out)
{
    struct loam *loam;
    struct host_options inner;
    const struct host_kernel kernel = {kernel_jam, kernel_size_bytes};
    enum status status = begin_open(options, &loam, &inner);
    if (status == STATUS_OK)
        status = host_create(directory, &kernel, NULL, &inner, &loam->host);
    return finish_open(loam, status, out);
}

enum loam_result loam_open(const char *directory, const void *kernel_jam, size_t kernel_size_bytes,
                           const struct loam_options *options, struct loam **out)
{
    struct loam *loam;
    struct host_options inner;
    const struct host_kernel kernel = {kernel_jam, kernel_size_bytes};
    enum status status = begin_open(options, &loam, &inner);
    if (status == STATUS_OK)
        status = host_open(directory, &kernel, &inner, &loam->host);
    return finish_open(loam, status, out);
}

enum loam_result loam_open_view(const char *directory, const struct loam_options *options, struct loam **out)
{
    struct loam *loam;
    struct host_options inner;
    enum status status = begin_open(options, &loam, &inner);
    if (status == STATUS_OK)
        status = host_open_view(directory, &inner, &loam->host);
    return finish_open(loam, status, out);
}

enum loam_result loam_open_memory(const void *kernel_jam, size_t kernel_size_bytes, const struct loam_options *options,
                                  struct loam **out)
{
    struct loam *loam;
    struct host_options inner;
    const struct host_kernel kernel = {kernel_jam, kernel_size_bytes};
    enum status status = begin_open(options, &loam, &inner);
    if (status == STATUS_OK)
        status = host_open_memory(&kernel, NULL, &inner, &loam->host);
    return finish_open(loam, status, out);
}

void loam_close(struct loam *loam)
{
    if (loam == NULL)
        return;
    host_close(loam->host);
    free(loam);
}

/* ---- nouns ---------------------------------------------------------------------------- */

struct loam_noun loam_text(const char *text)
{
    return (struct loam_noun){.form = LOAM_TEXT, .bytes = text, .size_bytes = strlen(text)};
}

void loam_bytes_free(struct loam_bytes *bytes)
{
    free(bytes->bytes);
    *bytes = (struct loam_bytes){0};
}

static enum status noun_in(struct host *host, const char *name, const struct loam_noun *from, noun *out)
{
    struct stack *stack = host_stack(host);
    if (from->form == LOAM_JAM)
        return codec_cue(stack, from->bytes, from->size_bytes, NULL, out);
    return codec_read(stack, name, from->bytes, from->size_bytes, out);
}

static enum status jam_out(noun n, struct loam_bytes *out)
{
    STATUS_TRY(codec_jam(n, &out->bytes, &out->size_bytes));
    uint8_t *longer = realloc(out->bytes, out->size_bytes + 1);
    if (longer == NULL)
        check_out_of_memory(__FILE__, __LINE__, out->size_bytes + 1);
    out->bytes = longer;
    out->bytes[out->size_bytes] = 0;
    return STATUS_OK;
}

static enum status noun_out(noun n, enum loam_form form, struct loam_bytes *out)
{
    if (form == LOAM_JAM)
        return jam_out(n, out);
    return codec_print(n, NULL, (char **)&out->bytes, &out->size_bytes);
}

enum loam_result loam_convert(struct loam *loam, const struct loam_noun *from, enum loam_form form,
                              struct loam_bytes *out)
{
    noun n;
    *out = (struct loam_bytes){0};
    host_reset(loam->host);
    enum status status = noun_in(loam->host, "noun", from, &n);
    if (status == STATUS_OK)
        status = noun_out(n, form, out);
    return result_of(status);
}

/* ---- events ----------------------------------------------------------------------------- */

void loam_event_free(struct loam_event *event)
{
    for (size_t i = 0; i < event->effect_count; i++)
        loam_bytes_free(&event->effects[i]);
    free(event->effects);
    free(event->reason);
    *event = (struct loam_event){0};
}

static size_t count_effects(noun effects)
{
    size_t count = 0;
    noun effect;
    while (kernel_effect_next(&effects, &effect))
        count++;
    return count;
}

static enum status effects_out(noun effects, struct loam_event *out)
{
    size_t count = count_effects(effects);
    noun effect;
    out->effects = calloc(count + 1, sizeof *out->effects);
    if (out->effects == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * sizeof *out->effects);
    while (kernel_effect_next(&effects, &effect)) {
        STATUS_TRY(jam_out(effect, &out->effects[out->effect_count]));
        out->effect_count++;
    }
    return STATUS_OK;
}

/* Why a cause was refused or swapped; NULL if it was neither. */
static char *reason_of(const struct host_event *event)
{
    if (event->answer == HOST_ACCEPTED)
        return NULL;
    if (!noun_is_cell(event->goof) || event->goof == NOUN_NONE) {
        char *reason = malloc(STATUS_MESSAGE_SIZE_BYTES);
        if (reason == NULL)
            check_out_of_memory(__FILE__, __LINE__, STATUS_MESSAGE_SIZE_BYTES);
        memcpy(reason, status_message(), strlen(status_message()) + 1);
        return reason;
    }
    const struct kernel_goof goof = {.mote = noun_head(event->goof), .tang = noun_tail(event->goof)};
    return kernel_goof_text(&goof, REASON_TANKS_MAX);
}

/* The members of loam_options, by what the host calls them: as the program's options. */
static const char *limit_name(const char *limit)
{
    static const struct {
        const char *option, *member;
    } names[] = {
        {"max-event-memory", "memory_limit_bytes"},
        {"max-stack", "stack_limit_bytes"},
        {"event-timeout", "event_limit_ms"},
        {"max-arena", "arena_limit_bytes"},
    };
    for (size_t i = 0; limit != NULL && i < COUNT_OF(names); i++)
        if (strcmp(limit, names[i].option) == 0)
            return names[i].member;
    return limit;
}

static enum status poke(struct host *host, const struct loam_noun *wire, const struct loam_noun *cause,
                        struct loam_event *out)
{
    noun wire_noun, cause_noun;
    struct host_event event;
    host_reset(host);
    STATUS_TRY(noun_in(host, "cause", cause, &cause_noun));
    if (wire == NULL)
        wire_noun = host_wire(host, "sys", NULL);
    else
        STATUS_TRY(noun_in(host, "wire", wire, &wire_noun));
    STATUS_TRY(host_poke(host, wire_noun, cause_noun, &event));
    out->outcome = (enum loam_outcome)event.answer;
    out->number = event.number;
    out->evaluation_ns = event.evaluation_ns;
    out->reason = reason_of(&event);
    out->limit = limit_name(event.limit);
    return effects_out(event.effects, out);
}

enum loam_result loam_poke(struct loam *loam, const struct loam_noun *wire, const struct loam_noun *cause,
                           struct loam_event *event)
{
    *event = (struct loam_event){0};
    enum status status = poke(loam->host, wire, cause, event);
    if (status != STATUS_OK)
        loam_event_free(event);
    return result_of(status);
}

/* ~, [~ ~] or [~ ~ value] */
static enum loam_answer answer_of(noun product, noun *value)
{
    *value = product;
    if (product == 0)
        return LOAM_UNKNOWN;
    if (noun_is_atom(product) || noun_head(product) != 0)
        return LOAM_MALFORMED;
    noun inner = noun_tail(product);
    if (inner == 0)
        return LOAM_EMPTY;
    if (noun_is_atom(inner) || noun_head(inner) != 0)
        return LOAM_MALFORMED;
    *value = noun_tail(inner);
    return LOAM_VALUE;
}

static enum status peek(struct host *host, const struct loam_noun *path, enum loam_answer *answer,
                        struct loam_bytes *value)
{
    noun path_noun, product;
    host_reset(host);
    STATUS_TRY(noun_in(host, "path", path, &path_noun));
    STATUS_TRY(host_peek(host, path_noun, &product));
    *answer = answer_of(product, &product);
    return *answer == LOAM_VALUE || *answer == LOAM_MALFORMED ? jam_out(product, value) : STATUS_OK;
}

enum loam_result loam_peek(struct loam *loam, const struct loam_noun *path, enum loam_answer *answer,
                           struct loam_bytes *value)
{
    *value = (struct loam_bytes){0};
    return result_of(peek(loam->host, path, answer, value));
}

/* ---- the whole ---------------------------------------------------------------------------- */

enum loam_result loam_facts(struct loam *loam, struct loam_facts *out)
{
    struct host_status facts;
    enum status status = host_status_read(loam->host, &facts);
    if (status != STATUS_OK)
        return result_of(status);
    *out = (struct loam_facts){
        .event = facts.event,
        .state_hash = facts.state_hash,
        .boot_ns = facts.boot_ns,
        .events_replayed = facts.events_replayed,
        .arena_file_bytes = facts.arena_file_bytes,
        .arena_used_bytes = facts.arena_used_bytes,
        .log_bytes = facts.log_bytes,
    };
    memcpy(out->kernel_hash, facts.kernel_hash, sizeof out->kernel_hash);
    return LOAM_OK;
}

enum loam_result loam_collect(struct loam *loam, bool everything, uint64_t *freed_bytes)
{
    struct collector_record record;
    enum status status = host_collect(loam->host, everything, &record);
    if (freed_bytes != NULL)
        *freed_bytes =
            status == STATUS_OK && record.above_bytes > record.live_bytes ? record.above_bytes - record.live_bytes : 0;
    return result_of(status);
}

enum loam_result loam_export(struct loam *loam, const char *path)
{
    return result_of(host_export(loam->host, path, false));
}
