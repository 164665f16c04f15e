/* Quantities as a person reads and writes them. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "tap.h"

static void is_text(const char *got, const char *wanted)
{
    if (!tap_ok(strcmp(got, wanted) == 0, "%s", wanted))
        tap_note("got: %s", got);
}

static void test_sizes(void)
{
    is_text(cli_bytes_text(0), "0 B");
    is_text(cli_bytes_text(1023), "1023 B");
    is_text(cli_bytes_text(1024), "1.0 KiB");
    is_text(cli_bytes_text(1536 << 10), "1.5 MiB");
    is_text(cli_bytes_text((uint64_t)3 << 40), "3.0 TiB");
    is_text(cli_bytes_text(UINT64_MAX), "16777216.0 TiB");
}

static void test_durations(void)
{
    is_text(cli_duration_text(0), "0 us");
    is_text(cli_duration_text(250 * 1000), "250 us");
    is_text(cli_duration_text(1500 * 1000), "1.5 ms");
    is_text(cli_duration_text((uint64_t)2500 * 1000 * 1000), "2.5 s");
    is_text(cli_duration_text((uint64_t)61 * 1000 * 1000 * 1000), "1 min 01 s");
}

static void test_dates(void)
{
    is_text(cli_date_text(0), "1970-01-01T00:00:00Z");
    is_text(cli_date_text(951825599999), "2000-02-29T11:59:59Z");
}

static void test_four_at_once(void)
{
    const char *a = cli_bytes_text(1), *b = cli_duration_text(2000), *c = cli_date_text(0), *d = cli_bytes_text(4);
    tap_ok(strcmp(a, "1 B") == 0 && strcmp(b, "2 us") == 0 && strncmp(c, "1970", 4) == 0 && strcmp(d, "4 B") == 0,
           "four texts stand at once");
}

static void test_reading(void)
{
    static const struct {
        const char *text;
        uint64_t duration_ms;
    } read[] = {{"90", 90000},    {"90s", 90000},    {"1.5s", 1500},     {"10m", 600000},
                {"6h", 21600000}, {"7d", 604800000}, {"2w", 1209600000}, {"0.001", 1}};
    static const char *const refused[] = {"", "s", "x", "10x", "10 m", "0", "-1", "1e9", "nan", "inf"};
    for (size_t i = 0; i < COUNT_OF(read); i++) {
        uint64_t duration_ms = 0;
        tap_ok(duration_read(read[i].text, &duration_ms) && duration_ms == read[i].duration_ms, "%s is %" PRIu64 " ms",
               read[i].text, read[i].duration_ms);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        uint64_t duration_ms = 7;
        tap_ok(!duration_read(refused[i], &duration_ms) && duration_ms == 7, "\"%s\" is no duration", refused[i]);
    }
}

int main(void)
{
    test_sizes();
    test_durations();
    test_dates();
    test_four_at_once();
    test_reading();
    return tap_done();
}
