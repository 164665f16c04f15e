/* slog: the kernel's voice, one line a message (ABI page 5.10, 10.6). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver/driver.h"
#include "kernel/kernel.h"
#include "os/os.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};
static const char level_letters[] = "EWIDT";

bool driver_slog_level_read(const char *text, enum driver_slog_level *level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum driver_slog_level)i;
            return true;
        }
    }
    return false;
}

static enum driver_slog_level level_of(uint64_t priority)
{
    switch (priority) {
    case 1:
        return DRIVER_SLOG_WARN;
    case 2:
        return DRIVER_SLOG_DEBUG;
    case 3:
        return DRIVER_SLOG_TRACE;
    default:
        return DRIVER_SLOG_INFO;
    }
}

static void print_line(enum driver_slog_level level, const char *text)
{
    time_t now = (time_t)(os_wall_ms() / 1000);
    struct tm parts;
    gmtime_r(&now, &parts);
    fprintf(stderr, "%c (%02d:%02d:%02d) %s\n", level_letters[level], parts.tm_hour, parts.tm_min, parts.tm_sec, text);
}

void driver_slog(void *context, uint64_t priority, noun tank)
{
    const enum driver_slog_level *most = context;
    enum driver_slog_level level = level_of(priority);
    if (level > *most)
        return;
    char *text;
    size_t size_bytes;
    if (!kernel_tank_line(tank, LINE_MAX_BYTES, &text, &size_bytes)) {
        print_line(DRIVER_SLOG_WARN, "Failed to slog tank");
        return;
    }
    if (size_bytes != 0)
        print_line(level, text);
    free(text);
}
