/* The engine by itself: programs without jets, virtual Nock, events in memory.
 *
 *     bench-nock [--list] [--exact] [--nursery BYTES] [--rounds N] [--no-calibration] [--write DIRECTORY] [NAME...]
 *
 * only what has a NAME in its name, or, with --exact, is called so.  With --write
 * nothing is measured: for each program the jam of [subject formula] is written to
 * DIRECTORY/NAME.jam, for other runtimes.  A round
 * runs one program to its end on a machine that has it compiled.  The last line
 * is one JSON object; times are nanoseconds of the thread's processor time, and
 * "relative" is the median in units of the calibration loop of the same run.
 * "peak_bytes" is the ephemeral memory in use at most, "collection_share" the
 * part of the time that went into collecting it.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static int usage(void)
{
    fputs("usage: bench-nock [--list] [--exact] [--nursery BYTES] [--rounds N] [--no-calibration] [--write DIRECTORY] "
          "[NAME...]\n",
          stderr);
    return 2;
}

int main(int argument_count, char **arguments)
{
    char **word = arguments + 1;
    for (; *word != NULL && **word == '-'; word++) {
        if (strcmp(*word, "--list") == 0)
            bench_options.list = true;
        else if (strcmp(*word, "--exact") == 0)
            bench_options.exact = true;
        else if (strcmp(*word, "--nursery") == 0 && word[1] != NULL)
            bench_options.nursery_bytes = strtoull(*++word, NULL, 10);
        else if (strcmp(*word, "--rounds") == 0 && word[1] != NULL)
            bench_options.rounds = strtoull(*++word, NULL, 10);
        else if (strcmp(*word, "--write") == 0 && word[1] != NULL)
            bench_options.write = *++word;
        else if (strcmp(*word, "--no-calibration") == 0)
            bench_options.uncalibrated = true;
        else
            return usage();
    }
    (void)argument_count;
    bench_options.names = word;
    bench_open();
    bench_programs();
    bench_virtual();
    bench_events();
    return bench_close();
}
