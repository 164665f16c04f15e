/* Signals: somebody asks us to stop. */
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_int first_signal;
static _Atomic(void (*)(int)) wake_function;

static void note(int signal_number)
{
    int error_number = errno;
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, signal_number);
    void (*wake)(int) = atomic_load(&wake_function);
    if (wake != NULL)
        wake(signal_number);
    errno = error_number;
}

/* What the parent had us ignore (nohup, a background job) stays ignored. */
static void watch_one(int signal_number)
{
    struct sigaction old;
    CHECK(sigaction(signal_number, NULL, &old) == 0);
    if (old.sa_handler == SIG_IGN)
        return;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(signal_number, &action, NULL) == 0);
}

void os_signal_watch(void (*wake)(int signal_number))
{
    atomic_store(&wake_function, wake);
    const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < COUNT_OF(watched); i++)
        watch_one(watched[i]);
    /* Both come back as errors of the write that caused them. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int os_signal_received(void)
{
    return atomic_load(&first_signal);
}
