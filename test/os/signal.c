#include "os/os.h"

#include <signal.h>
#include <unistd.h>

#include "tap.h"

static volatile sig_atomic_t woken, woken_by;

static void wake(int signal_number)
{
    woken++;
    woken_by = signal_number;
}

static void hang_up(void *context)
{
    (void)context;
    raise(SIGHUP);
}

int main(void)
{
    tap_ok(os_signal_received() == 0, "nobody has asked us to stop");
    tap_ok(tap_dies(hang_up, NULL), "unwatched, a signal kills");
    signal(SIGHUP, SIG_IGN);
    os_signal_watch(wake);
    raise(SIGHUP);
    tap_ok(os_signal_received() == 0 && woken == 0, "what the parent had us ignore stays ignored");
    raise(SIGTERM);
    tap_ok(os_signal_received() == SIGTERM, "a watched signal is received");
    tap_ok(woken == 1 && woken_by == SIGTERM, "and wakes");
    raise(SIGINT);
    tap_ok(os_signal_received() == SIGTERM, "the first one is the one that counts");
    tap_ok(woken == 2 && woken_by == SIGINT, "but each one wakes");
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    tap_ok(write(ends[1], "x", 1) == -1, "writing to nobody is an error, not the end");
    return tap_done();
}
