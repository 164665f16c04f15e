/* loam doctor: what is wrong, and what to do. */
#include <stdio.h>

#include "cli/cli.h"

struct doctor {
    struct cli *cli;
    struct machine machine;
    struct json json;
};

static void on_finding(void *context, const struct recovery_finding *finding)
{
    static const char *const health[] = {"whole", "note", "damaged"};
    static const char *const signs[] = {"ok", "--", "!!"};
    struct doctor *doctor = context;
    struct json item;
    progress_end(&doctor->machine.progress);
    doctor->machine.progress.label = NULL;
    if (!doctor->cli->json) {
        printf("%s  %-20s %s\n", signs[finding->health], finding->subject, finding->text);
        return;
    }
    json_item(&doctor->json, &item);
    json_string(&item, "file", finding->subject);
    json_string(&item, "health", health[finding->health]);
    json_string(&item, "text", finding->text);
    json_item_end(&item);
}

static const char *verdict_name(enum recovery_verdict verdict)
{
    static const char *const names[] = {"whole", "a start mends it", "repairable", "history lost", "hopeless"};
    return names[verdict];
}

static void report(struct doctor *doctor, const struct recovery_verdict_report *verdict, bool repairs)
{
    if (doctor->cli->json) {
        json_array_end(&doctor->json);
        json_string(&doctor->json, "verdict", verdict->plan[0] == 0 ? "none" : verdict_name(verdict->verdict));
        json_string(&doctor->json, "plan", verdict->plan);
        json_boolean(&doctor->json, "repaired", verdict->is_repaired);
        json_end(&doctor->json);
        return;
    }
    if (verdict->plan[0] == 0)
        return; /* it has come to none */
    printf("%s: %s\n", verdict_name(verdict->verdict), verdict->plan);
    if (verdict->is_repaired)
        printf("repaired\n");
    else if (!repairs && verdict->verdict != RECOVERY_IS_WHOLE && verdict->verdict != RECOVERY_IS_HOPELESS)
        printf("`loam doctor DIR --repair` does it%s\n",
               verdict->verdict == RECOVERY_IS_HISTORY_LOST ? ", with --give-up-history" : "");
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    struct doctor doctor = {.cli = cli};
    struct recovery_doctor_options options = {.finding = on_finding, .context = &doctor};
    struct recovery_verdict_report verdict;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--repair", NULL, "do what is to be done; what is damaged is kept beside", OPTION_FLAG, &options.repairs},
        {"--give-up-history", NULL, "also if events are lost by it", OPTION_FLAG, &options.gives_up_history},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = machine_parse(&doctor.machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    options.listener = machine_recovery_options(&doctor.machine).listener;
    if (cli->json) {
        json_begin(&doctor.json);
        json_array(&doctor.json, "findings");
    }
    enum status status = recovery_doctor(directory, &options, &verdict);
    progress_end(&doctor.machine.progress);
    report(&doctor, &verdict, options.repairs);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    return verdict.verdict == RECOVERY_IS_WHOLE || verdict.is_repaired ? CLI_EXIT_OK : CLI_EXIT_CORRUPT;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "say what is wrong with a machine, and mend it",
    .explained = "Examines everything in DIR: what each file is, whether a start would use it and why not, and what\n"
                 "is to be done.  Changes nothing, unless --repair is given.  Exit status 0 if all is whole or was\n"
                 "repaired, 76 if not.",
    .run = run,
};
