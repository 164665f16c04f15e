/* --profile FILE: where a command's evaluation spends its time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"

#define INTERVAL_US 10000
#define TOP_ARMS 20

static bool is_folded(const char *path)
{
    size_t length = strlen(path);
    return length >= 7 && strcmp(path + length - 7, ".folded") == 0;
}

enum status profiling_begin(struct profiling *profiling, struct nock *machine)
{
    profiling->machine = NULL;
    if (profiling->files.count == 0)
        return STATUS_OK;
    STATUS_TRY(nock_profile_start(machine, INTERVAL_US));
    profiling->machine = machine;
    return STATUS_OK;
}

static enum status write_file(const struct nock *machine, const char *path)
{
    STATUS_TRY(output_check(path, true));
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return status_fail_errno(errno, "cannot write the profile to %s", path);
    if (is_folded(path))
        nock_profile_write_folded(machine, out);
    else
        nock_profile_write_trace(machine, out);
    bool is_written = fflush(out) == 0 && !ferror(out);
    int error = errno;
    fclose(out);
    return is_written ? STATUS_OK : status_fail_errno(error, "cannot write the profile to %s", path);
}

enum status profiling_end(struct profiling *profiling, const struct cli *cli)
{
    struct nock *machine = profiling->machine;
    if (machine == NULL)
        return STATUS_OK;
    profiling->machine = NULL;
    nock_profile_pause(machine);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < profiling->files.count && status == STATUS_OK; i++)
        status = write_file(machine, profiling->files.items[i]);
    if (!cli->quiet)
        nock_profile_write_top(machine, stderr, TOP_ARMS);
    nock_profile_stop(machine);
    return status;
}
