/* Signals: somebody asks us to stop, or memory is not what it should be. */
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    os_signal_ignore_file_limit();
}

void os_signal_ignore_file_limit(void)
{
    signal(SIGXFSZ, SIG_IGN);
}

int os_signal_received(void)
{
    return atomic_load(&first_signal);
}

/* ---- faults ----------------------------------------------------------------------- */

#define FAULT_STACK_BYTES ((size_t)64 << 10)

static _Atomic(const char *) fault_explanation;
static os_fault_is_stored_fn *fault_is_stored; /* set before any handler is */
static int fault_exit_status;

/* SA_RESETHAND: back at the same place, it happens again, and that is the end. */
static void explain(int signal_number, siginfo_t *information, void *context)
{
    (void)signal_number, (void)context;
    int error_number = errno;
    const char *explanation = atomic_exchange(&fault_explanation, NULL);
    if (explanation != NULL && write(STDERR_FILENO, explanation, strlen(explanation)) < 0)
        errno = error_number;
    if (fault_is_stored != NULL && fault_is_stored(information->si_addr))
        _exit(fault_exit_status);
    errno = error_number;
}

/* What overflows its stack has none left to say so on. */
static void give_stack(void)
{
    static uint8_t *memory;
    if (memory != NULL)
        return;
    memory = malloc(FAULT_STACK_BYTES);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, FAULT_STACK_BYTES);
    const stack_t stack = {.ss_sp = memory, .ss_size = FAULT_STACK_BYTES};
    CHECK(sigaltstack(&stack, NULL) == 0);
}

/* A handler that is there already, such as a sanitizer's, knows better. */
static void explain_one(int signal_number)
{
    struct sigaction old, action = {.sa_sigaction = explain, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(signal_number, NULL, &old) == 0);
    if ((old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL)
        CHECK(sigaction(signal_number, &action, NULL) == 0);
}

void os_signal_explain_faults(const char *explanation, os_fault_is_stored_fn *is_stored, int exit_status)
{
    give_stack();
    fault_is_stored = is_stored;
    fault_exit_status = exit_status;
    atomic_store(&fault_explanation, explanation);
    explain_one(SIGSEGV);
    explain_one(SIGBUS);
}
