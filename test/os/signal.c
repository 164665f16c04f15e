#include "os/os.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
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
    signal(SIGHUP, SIG_DFL); /* whoever runs the tests with nohup has it ignored */
    raise(SIGHUP);
}

static bool is_anything(const void *address)
{
    return address != NULL;
}

/* What a child that reads below a file's end writes to standard error, and how it ends. */
static int explained_fault(os_fault_is_stored_fn *is_stored)
{
    int ends[2], result;
    char text[64] = {0};
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        signal(SIGBUS, SIG_DFL); /* a sanitizer's would stay */
        dup2(ends[1], STDERR_FILENO);
        FILE *file = tmpfile();
        CHECK(file != NULL);
        os_signal_explain_faults("the file was cut", is_stored, 76);
        const volatile char *bytes = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
        CHECK(bytes != MAP_FAILED);
        _exit(bytes[0]);
    }
    CHECK(waitpid(child, &result, 0) == child);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    /* An emulator adds a line of its own. */
    tap_ok(length > 0 && strncmp(text, "the file was cut", 16) == 0, "a fault is explained");
    close(ends[0]);
    close(ends[1]);
    return result;
}

static void test_explained_fault(void)
{
    int result = explained_fault(NULL);
    tap_ok(WIFSIGNALED(result) && WTERMSIG(result) == SIGBUS, "and kills as it would have");
    result = explained_fault(is_anything);
    tap_ok(WIFEXITED(result) && WEXITSTATUS(result) == 76, "where only what is stored can be, it is a status");
}

int main(void)
{
    test_explained_fault();
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
