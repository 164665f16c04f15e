/* Whole hosts: made, poked, upgraded, ended in order. */
#include "steps.h"
#include "workloads.h"

#include <stdlib.h>

static enum status poke_three(struct host *host)
{
    STATUS_TRY(step_poke(host, "%inc"));
    STATUS_TRY(step_poke(host, "%unknown"));
    step_wait_for_flush();
    return step_poke(host, "%inc");
}

static enum status host_orderly(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = poke_three(host);
    host_close(host);
    STATUS_TRY(status);
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    status = step_poke(host, "%inc");
    host_close(host);
    return status;
}

static enum status poke_large(struct host *host)
{
    STATUS_TRY(step_poke_large(host, 10000));
    STATUS_TRY(step_poke_large(host, 60000));
    STATUS_TRY(step_poke(host, "%unknown"));
    return step_poke_large(host, 30000);
}

static enum status host_large_jobs(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = poke_large(host);
    host_close(host);
    return status;
}

/* ---- an upgrade ------------------------------------------------------------------------- */

static enum status open_upgraded(const char *directory, struct host **host)
{
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL_NEXT);
    struct host_status facts;
    model_try();
    enum status status = host_open(directory, &kernel, NULL, host);
    free((void *)kernel.bytes);
    STATUS_TRY(status);
    status = host_status_read(*host, &facts);
    if (status == STATUS_OK)
        model_acknowledge(facts.event, facts.state_hash);
    else
        host_close(*host);
    return status;
}

static enum status host_upgraded(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = step_poke(host, "[%set 2]");
    host_close(host);
    STATUS_TRY(status);
    STATUS_TRY(open_upgraded(directory, &host));
    status = step_poke(host, "%inc");
    host_close(host);
    return status;
}

/* ---- creation ----------------------------------------------------------------------------- */

static void prepare_nothing(const char *directory, uint64_t *random)
{
    (void)directory, (void)random;
    model_clear();
}

static enum status poke_created(struct host *host)
{
    struct host_status facts;
    STATUS_TRY(host_status_read(host, &facts));
    model_acknowledge(facts.event, facts.state_hash);
    return step_poke(host, "%inc");
}

static enum status host_created(const char *directory, uint64_t *random)
{
    (void)random;
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    struct host *host;
    model_try();
    enum status status = host_create(directory, &kernel, NULL, NULL, &host);
    free((void *)kernel.bytes);
    STATUS_TRY(status);
    status = poke_created(host);
    host_close(host);
    return status;
}

const struct workload workloads_host[] = {
    {.name = "a machine is made", .prepare = prepare_nothing, .run = host_created},
    {.name = "the whole host, twice", .run = host_orderly},
    {.name = "large jobs", .run = host_large_jobs, .is_large = true},
    {.name = "an upgrade", .run = host_upgraded},
    {.name = NULL},
};
