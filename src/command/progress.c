/* One line on a terminal, for what takes more than a second. */
#include <stdio.h>
#include <unistd.h>

#include "command/command.h"
#include "os/os.h"

#define QUIET_NS ((uint64_t)1000000000)
#define REDRAW_NS ((uint64_t)200000000)

void progress_begin(struct progress *progress, const struct cli *cli, const char *label)
{
    *progress = (struct progress){
        .cli = cli,
        .label = label,
        .started_ns = os_clock_ns(),
        .is_wanted = !cli->quiet && isatty(STDERR_FILENO) == 1,
    };
}

static void draw(struct progress *progress, uint64_t done, uint64_t total, uint64_t elapsed_ns)
{
    fprintf(stderr, "\r\033[K%s", progress->label);
    if (done != 0)
        fprintf(stderr, ": %" PRIu64, done);
    if (total != 0) {
        double share = (double)done / (double)total;
        fprintf(stderr, " of %" PRIu64 " (%.0f%%)", total, 100 * share);
        if (done != 0 && done < total)
            fprintf(stderr, ", %s left", cli_duration_text((uint64_t)((double)elapsed_ns * (1 - share) / share)));
    } else {
        fprintf(stderr, ", %s so far", cli_duration_text(elapsed_ns));
    }
    fflush(stderr);
    progress->is_shown = true;
}

void progress_update(struct progress *progress, uint64_t done, uint64_t total)
{
    if (!progress->is_wanted)
        return;
    uint64_t now_ns = os_clock_ns();
    if (now_ns - progress->started_ns < QUIET_NS || now_ns - progress->shown_ns < REDRAW_NS)
        return;
    progress->shown_ns = now_ns;
    draw(progress, done, total, now_ns - progress->started_ns);
}

void progress_clear_line(void)
{
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[K");
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        progress_clear_line();
    progress->is_wanted = false;
    progress->is_shown = false;
}
