/* loam nock: evaluate a formula. */
#include <stdlib.h>

#include "cli/cli.h"
#include "kernel/kernel.h"

struct nock_job {
    const char *subject, *formula, *output;
    bool check_jets;
    struct profiling profiling;
    const struct cli *cli;
};

static enum status read_job(struct stack *stack, const struct nock_job *job, noun *subject, noun *formula)
{
    STATUS_TRY(noun_from_word_or_stdin(stack, "SUBJECT", job->subject, subject));
    if (job->formula != NULL)
        return noun_from_word(stack, "FORMULA", job->formula, formula);
    if (!noun_is_cell(*subject))
        return status_fail(STATUS_INVALID, "give a subject and a formula, or one noun [subject formula]");
    *formula = noun_tail(*subject);
    *subject = noun_head(*subject);
    return STATUS_OK;
}

static enum status crash(struct engine *engine, const struct nock_result *result)
{
    struct kernel_goof goof = {.mote = result->mote};
    nock_root_add(engine->machine, &goof.mote);
    goof.tang = nock_tang(engine->machine, result->product);
    nock_root_remove(engine->machine, &goof.mote);
    char *text = kernel_goof_text(&goof, 0);
    enum status status = status_fail(STATUS_CRASHED, "crashed: %.900s", text);
    free(text);
    return status;
}

static enum status do_nock(struct engine *engine, void *context)
{
    struct nock_job *job = context;
    noun subject, formula;
    struct nock_result result;
    STATUS_TRY(read_job(engine->stack, job, &subject, &formula));
    STATUS_TRY(profiling_begin(&job->profiling, engine->machine));
    nock_run(engine->machine, subject, formula, &result);
    STATUS_TRY(profiling_end(&job->profiling, job->cli));
    if (result.outcome != NOCK_DONE)
        return crash(engine, &result);
    return job->output != NULL ? jam_write(result.product, job->output) : noun_print_line(result.product);
}

static int run_nock(struct cli *cli, const struct command *command, int count, char **words)
{
    struct nock_job job = {.cli = cli};
    const struct operand operands[] = {
        {"SUBJECT", "in text, or @FILE; [subject formula] on standard input if not given", &job.subject, true},
        {"FORMULA", "likewise; if not given the first noun is [subject formula]", &job.formula, true}};
    const struct option table[] = {
        {"--output", "FILE", "write the product's jam there", OPTION_TEXT, &job.output},
        {"--jet-check", NULL, "run every jet beside its Nock; stop at a difference", OPTION_FLAG, &job.check_jets},
        PROFILE_OPTION(job.profiling),
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    return leave >= 0 ? leave : engine_run(cli, job.check_jets, do_nock, &job);
}

const struct command command_nock = {
    .name = "nock",
    .summary = "evaluate a formula",
    .explained = "Evaluates a Nock formula on a subject and prints the product.  A crash prints its trace, and\n"
                 "the exit status is 1.",
    .run = run_nock,
};
