/* Memory and a machine for the commands that need no kernel. */
#include "command/command.h"
#include "jet/jet.h"
#include "os/os.h"
#include "zk/zk.h"

static enum status create_machine(struct engine *engine, bool check_jets)
{
    STATUS_TRY(stack_create(&(struct stack_options){0}, &engine->stack));
    static enum driver_slog_level level = DRIVER_SLOG_INFO;
    const struct nock_options options = {.slog = driver_slog, .slog_context = &level, .check_jets = check_jets};
    STATUS_TRY(nock_create(engine->stack, &options, &engine->machine));
    jet_install(engine->machine);
    zk_install(engine->machine);
    return STATUS_OK;
}

enum status engine_open(struct engine *engine, bool check_jets)
{
    *engine = (struct engine){0};
    STATUS_TRY(os_map_reserve(NOUN_SPACE_BYTES, &engine->space));
    noun_space_enter(engine->space);
    enum status status = create_machine(engine, check_jets);
    if (status != STATUS_OK)
        engine_close(engine);
    return status;
}

void engine_close(struct engine *engine)
{
    if (engine->machine != NULL)
        nock_destroy(engine->machine);
    if (engine->stack != NULL)
        stack_destroy(engine->stack);
    if (engine->space != NULL)
        os_map_release(engine->space, NOUN_SPACE_BYTES);
    *engine = (struct engine){0};
}

int engine_run(const struct cli *cli, bool check_jets, enum status (*body)(struct engine *, void *), void *context)
{
    struct engine engine;
    enum status status = engine_open(&engine, check_jets);
    if (status == STATUS_OK)
        status = body(&engine, context);
    engine_close(&engine);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}
