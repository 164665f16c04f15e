/* loam poke --branch: an event that the main line does not notice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "codec/codec.h"
#include "kernel/kernel.h"

/* The words of the operation. */
enum { WORD_FORM, WORD_BRANCH, WORD_LIMIT_MS, WORD_CAUSE, WORD_WIRE, WORDS };

/* ---- where the machine is ------------------------------------------------------------ */

static const char *answer_name(const struct recovery_branch_event *event)
{
    return !event->is_accepted ? "refused" : event->is_replaced ? "crashed" : "accepted";
}

static enum status report_json(FILE *out, const struct recovery_branch_event *event)
{
    struct json json;
    json_begin_to(&json, out);
    json_string(&json, "answer", answer_name(event));
    if (event->is_accepted) {
        json_number(&json, "event", event->number);
        json_hex64(&json, "state_hash", event->state_hash);
    } else {
        json_string(&json, "reason", status_message());
    }
    json_number(&json, "evaluation_us", event->evaluation_ns / 1000);
    STATUS_TRY(machine_json_effects(&json, event->effects));
    json_end(&json);
    return STATUS_OK;
}

static void explain(FILE *err, const struct recovery_branch_event *event)
{
    if (!event->is_accepted) {
        fprintf(err, "refused, nothing has changed: %s\n", status_message());
        return;
    }
    char *text = machine_goof_text(event->goof);
    fprintf(err, "the cause crashed the kernel; event %" PRIu64 " of the branch is the notice of that: %s\n",
            event->number, text);
    free(text);
}

static enum status report_text(FILE *out, FILE *err, const struct recovery_branch_event *event)
{
    noun effects = event->effects, effect;
    if (!event->is_accepted || event->is_replaced)
        explain(err, event);
    while (kernel_effect_next(&effects, &effect)) {
        char *text;
        STATUS_TRY(codec_print(effect, NULL, &text, NULL));
        fprintf(out, "%s\n", text);
        free(text);
    }
    return STATUS_OK;
}

static enum status take_nouns(struct operating *operating, noun *cause, noun *wire)
{
    struct stack *stack = operating->node->stack;
    const char *cause_text = operating->words[WORD_CAUSE], *wire_text = operating->words[WORD_WIRE];
    STATUS_TRY(codec_read(stack, "CAUSE", cause_text, strlen(cause_text), cause));
    if (operating->count > WORD_WIRE)
        return codec_read(stack, "--wire", wire_text, strlen(wire_text), wire);
    *wire = kernel_wire_plain(stack, "sys", 1);
    return STATUS_OK;
}

/* branch-poke json|text NAME LIMIT_MS CAUSE [WIRE]; durable before it is told of: no log has it. */
static enum status run(struct operating *operating)
{
    noun wire, cause;
    struct recovery_branch_event event;
    uint64_t limit_ms = strtoull(operating->words[WORD_LIMIT_MS], NULL, 10);
    node_reset(operating->node);
    STATUS_TRY(take_nouns(operating, &cause, &wire));
    STATUS_TRY(node_branch_poke(operating->node, operating->words[WORD_BRANCH], wire, cause, limit_ms, &event));
    operating->exit_status = event.is_accepted && !event.is_replaced ? CLI_EXIT_OK : CLI_EXIT_GUEST;
    bool is_json = strcmp(operating->words[WORD_FORM], "json") == 0;
    STATUS_TRY(is_json ? report_json(operating->out, &event) : report_text(operating->out, operating->err, &event));
    return event.is_accepted ? operating->settle(operating->settle_context) : STATUS_OK;
}

const struct operation operation_branch_poke = {
    .command = {.name = "branch-poke", .context = (void *)&operation_branch_poke, .run = operation_answer},
    .words_min = WORD_CAUSE + 1,
    .run = run,
};

/* ---- where it is asked for ------------------------------------------------------------- */

struct texts {
    const char *wire_word, *cause_word;
    char *wire, *cause;
};

static enum status text_of(struct engine *engine, const char *name, const char *word, char **text)
{
    noun n;
    STATUS_TRY(noun_from_word(engine->stack, name, word, &n));
    return codec_print(n, NULL, text, NULL);
}

static enum status read_texts(struct texts *texts)
{
    struct engine engine;
    STATUS_TRY(engine_open(&engine, false));
    enum status status = text_of(&engine, "CAUSE", texts->cause_word, &texts->cause);
    if (status == STATUS_OK && texts->wire_word != NULL)
        status = text_of(&engine, "--wire", texts->wire_word, &texts->wire);
    engine_close(&engine);
    return status;
}

int branch_poke(struct machine *machine, const char *directory, const char *branch, const char *wire_word,
                const char *cause_word)
{
    struct texts texts = {.wire_word = wire_word, .cause_word = cause_word};
    char limit_ms[24];
    enum status status = read_texts(&texts);
    snprintf(limit_ms, sizeof limit_ms, "%" PRIu64, machine->options.event_limit_ms);
    const char *const words[WORDS] = {machine->cli->json ? "json" : "text", branch, limit_ms, texts.cause, texts.wire};
    int leave = status == STATUS_OK ? operation_do(machine, directory, &operation_branch_poke, words,
                                                   texts.wire != NULL ? WORDS : WORDS - 1)
                                    : cli_fail(machine->cli, status);
    free(texts.cause);
    free(texts.wire);
    return leave;
}
