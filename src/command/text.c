/* Quantities in the words of a person: written, and read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/command.h"

static char *next_buffer(void)
{
    static _Thread_local char buffers[4][32];
    static _Thread_local unsigned next;
    return buffers[next++ % 4];
}

const char *cli_bytes_text(uint64_t size_bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    char *text = next_buffer();
    double value = (double)size_bytes;
    unsigned unit = 0;
    while (value >= 1024 && unit + 1 < COUNT_OF(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

const char *cli_duration_text(uint64_t duration_ns)
{
    char *text = next_buffer();
    double seconds = (double)duration_ns / 1e9;
    if (seconds < 1e-3)
        snprintf(text, 32, "%.0f us", seconds * 1e6);
    else if (seconds < 1)
        snprintf(text, 32, "%.1f ms", seconds * 1e3);
    else if (seconds < 60)
        snprintf(text, 32, "%.1f s", seconds);
    else
        snprintf(text, 32, "%u min %02u s", (unsigned)(seconds / 60), (unsigned)seconds % 60);
    return text;
}

const char *cli_date_text(uint64_t wall_ms)
{
    char *text = next_buffer();
    time_t when = (time_t)(wall_ms / 1000);
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

bool duration_read(const char *text, uint64_t *duration_ms)
{
    char *unit;
    double number = strtod(text, &unit);
    double seconds = strcmp(unit, "") == 0 || strcmp(unit, "s") == 0 ? 1
                     : strcmp(unit, "m") == 0                        ? 60
                     : strcmp(unit, "h") == 0                        ? 3600
                     : strcmp(unit, "d") == 0                        ? 86400
                     : strcmp(unit, "w") == 0                        ? 604800
                                                                     : 0;
    if (unit == text || !(number * seconds >= 0.001 && number * seconds < 1e9))
        return false;
    *duration_ms = (uint64_t)(number * seconds * 1000);
    return true;
}
