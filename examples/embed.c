/* A kernel inside a C program: boot it, poke it, look at it.
 *
 *     embed KERNEL.jam CAUSE PATH [DIR]
 *
 * boots the kernel (in memory, or durably in DIR), pokes it with CAUSE, prints
 * the effects, and prints what is at PATH.  Build it against an installed loam:
 *
 *     cc embed.c $(pkg-config --cflags --libs loam) -o embed
 */
#include <loam/loam.h>

#include <stdio.h>
#include <stdlib.h>

static void fail(const char *doing)
{
    fprintf(stderr, "%s: %s\n", doing, loam_message());
    exit(1);
}

static struct loam_bytes read_file(const char *path)
{
    struct loam_bytes file = {0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL || fseek(stream, 0, SEEK_END) != 0) {
        perror(path);
        exit(1);
    }
    file.size_bytes = (size_t)ftell(stream);
    rewind(stream);
    file.bytes = malloc(file.size_bytes + 1);
    if (file.bytes == NULL || fread(file.bytes, 1, file.size_bytes, stream) != file.size_bytes) {
        perror(path);
        exit(1);
    }
    fclose(stream);
    return file;
}

static void print_noun(struct loam *loam, const char *label, const struct loam_bytes *jam)
{
    struct loam_noun noun = {LOAM_JAM, jam->bytes, jam->size_bytes};
    struct loam_bytes text;
    if (loam_convert(loam, &noun, LOAM_TEXT, &text) != LOAM_OK)
        fail("printing");
    printf("%s %s\n", label, (const char *)text.bytes);
    loam_bytes_free(&text);
}

static void on_slog(void *context, uint64_t priority, const char *line)
{
    (void)context;
    fprintf(stderr, "kernel (%llu): %s\n", (unsigned long long)priority, line);
}

static struct loam *boot(const char *kernel_path, const char *directory)
{
    /* An event may take a minute and a gigabyte; a poke returns when it is on the device. */
    struct loam_options options = {
        .slog = on_slog,
        .event_limit_ms = 60000,
        .memory_limit_bytes = (uint64_t)1 << 30,
        .durability = LOAM_DURABLE_EVENT,
        .gc = LOAM_GC_AUTO,
    };
    struct loam_bytes kernel = read_file(kernel_path);
    struct loam *loam;
    enum loam_result result;
    if (directory == NULL)
        result = loam_open_memory(kernel.bytes, kernel.size_bytes, &options, &loam);
    else
        result = loam_create(directory, kernel.bytes, kernel.size_bytes, &options, &loam);
    /* Made already, by an earlier run: go on from there. */
    if (result == LOAM_EXISTS)
        result = loam_open(directory, NULL, 0, &options, &loam);
    if (result != LOAM_OK)
        fail("booting");
    loam_bytes_free(&kernel);
    return loam;
}

static void poke(struct loam *loam, const char *cause_text)
{
    struct loam_noun cause = loam_text(cause_text);
    struct loam_event event;
    if (loam_poke(loam, NULL, &cause, &event) != LOAM_OK)
        fail("poking");
    if (event.outcome != LOAM_ACCEPTED)
        fprintf(stderr, "the cause was not taken%s%s: %s\n", event.limit == NULL ? "" : " for its ",
                event.limit == NULL ? "" : event.limit, event.reason);
    for (size_t i = 0; i < event.effect_count; i++)
        print_noun(loam, "effect", &event.effects[i]);
    loam_event_free(&event);
}

static int peek(struct loam *loam, const char *path_text)
{
    struct loam_noun path = loam_text(path_text);
    struct loam_bytes value;
    enum loam_answer answer;
    if (loam_peek(loam, &path, &answer, &value) != LOAM_OK)
        fail("peeking");
    if (answer == LOAM_VALUE)
        print_noun(loam, "value", &value);
    loam_bytes_free(&value);
    return answer == LOAM_VALUE ? 0 : 1;
}

int main(int count, char **words)
{
    if (count < 4 || count > 5) {
        fprintf(stderr, "usage: embed KERNEL.jam CAUSE PATH [DIR]\n");
        return 64;
    }
    struct loam *loam = boot(words[1], count == 5 ? words[4] : NULL);
    poke(loam, words[2]);
    int status = peek(loam, words[3]);
    struct loam_facts facts;
    if (loam_facts(loam, &facts) != LOAM_OK)
        fail("asking");
    printf("event %llu\n", (unsigned long long)facts.event);
    loam_close(loam);
    return status;
}
