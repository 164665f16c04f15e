/* The event loop: order, answers, idleness, stopping. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_test.h"

static struct host *open_memory(void)
{
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    must(host_open_memory(&kernel, NULL, NULL, &host));
    free((void *)kernel.bytes);
    return host;
}

/* A driver that submits what it is told and writes down what it sees. */
struct recorder {
    struct host_driver driver;
    unsigned to_submit;
    unsigned answered;
    unsigned effects;
    bool answered_first; /* no effect was seen before the answer to its event */
    unsigned stop_after; /* answers */
    unsigned started, finished;
};

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    struct recorder *recorder = context;
    recorder->answered_first = recorder->answered_first && recorder->effects == recorder->answered;
    recorder->answered++;
    tap_ok(event->number == recorder->answered, "answer %u is event %u's", recorder->answered, (unsigned)event->number);
    if (recorder->answered == recorder->stop_after)
        host_stop(host, 7);
}

static enum status on_start(struct host *host, void *context)
{
    struct recorder *recorder = context;
    recorder->started++;
    for (unsigned i = 0; i < recorder->to_submit; i++)
        host_submit(host, host_wire(host, "test", NULL), noun_cord("inc"), on_answer, recorder);
    return STATUS_OK;
}

static void on_effect(struct host *host, void *context, noun effect)
{
    struct recorder *recorder = context;
    (void)host;
    recorder->effects += noun_is_cell(effect) && noun_head(effect) == stack_cord(host_stack(host), "count");
}

static void on_finish(void *context)
{
    struct recorder *recorder = context;
    recorder->finished++;
}

static struct recorder recorder_make(unsigned to_submit, unsigned stop_after)
{
    return (struct recorder){
        .driver = {.name = "recorder", .start = on_start, .effect = on_effect, .finish = on_finish},
        .to_submit = to_submit,
        .answered_first = true,
        .stop_after = stop_after};
}

static void test_until_idle(void)
{
    struct host *host = open_memory();
    struct recorder recorder = recorder_make(5, 0);
    int exit_code;
    recorder.driver.context = &recorder;
    host_add_driver(host, &recorder.driver);
    must(host_run(host, true, &exit_code));
    tap_ok(exit_code == 0 && recorder.answered == 5 && recorder.effects == 5, "a loop that is idle stops");
    tap_ok(recorder.answered_first, "an event is answered before its effects are released");
    tap_ok(recorder.started == 1 && recorder.finished == 1, "drivers start and finish once");
    host_close(host);
}

static void test_stop(void)
{
    struct host *host = open_memory();
    struct recorder recorder = recorder_make(10, 3);
    int exit_code;
    recorder.driver.context = &recorder;
    host_add_driver(host, &recorder.driver);
    must(host_run(host, false, &exit_code));
    tap_ok(exit_code == 7 && recorder.answered == 3, "host_stop stops after the event in hand");
    host_close(host);
}

/* ---- signals: in a child, because they come once a process ------------------------------ */

static void submit_spin(struct host *host)
{
    struct stack *stack = host_stack(host);
    host_submit(host, host_wire(host, "test", NULL), stack_cord(stack, "spin"), NULL, NULL);
}

static enum status start_spinning(struct host *host, void *context)
{
    (void)context;
    submit_spin(host);
    return STATUS_OK;
}

static void child(bool spins)
{
    struct host *host = open_memory();
    const struct host_driver spinner = {.name = "spinner", .start = start_spinning};
    int exit_code = 0;
    if (spins)
        host_add_driver(host, &spinner);
    must(host_run(host, false, &exit_code));
    host_close(host);
    _exit(exit_code);
}

static void test_signal(int signal_number, bool spins, const char *what)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child(spins);
    os_sleep_ms(300);
    uint64_t sent_ns = os_clock_ns();
    int status;
    kill(pid, signal_number);
    waitpid(pid, &status, 0);
    uint64_t elapsed_ms = (os_clock_ns() - sent_ns) / 1000000;
    tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 128 + signal_number, "%s ends with %d", what,
           128 + signal_number);
    tap_ok(elapsed_ms < 2000, "within two seconds (%d ms)", (int)elapsed_ms);
}

int main(void)
{
    test_until_idle();
    test_stop();
    test_signal(SIGTERM, false, "SIGTERM while idle");
    test_signal(SIGINT, true, "SIGINT during an endless event");
    test_signal(SIGHUP, false, "SIGHUP while idle");
    return tap_done();
}
