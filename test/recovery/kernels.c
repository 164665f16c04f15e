/* The public tree's kernels against their recorded transcripts (LOAM_CORPUS).
 * None of their pokes ends in practice without the jets, which the kernel
 * folder does not know; this is the lowest floor that sees both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "jet/jet.h"
#include "kernel/kernel.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;
static struct nock *machine;

static noun read_noun(const char *text)
{
    noun n = 0;
    if (codec_read(stack, "test", text, strlen(text), &n) != STATUS_OK)
        tap_ok(false, "%s", status_message());
    return n;
}

static bool is_noun(noun n, const char *text)
{
    return noun_equal(n, read_noun(text));
}

static noun job_of(uint64_t event, const char *cause)
{
    return kernel_job(stack, event, kernel_wire_plain(stack, "sys", 1), 0x1234567890abcdef, 1500, read_noun(cause));
}

struct overheard {
    unsigned count;
    uint64_t priority;
    bool complaint; /* of a bad cause */
    char first[256];
    char text[256]; /* the newest */
};

static void overhear(void *context, uint64_t priority, noun tank)
{
    struct overheard *overheard = context;
    char *text;
    size_t size_bytes;
    overheard->count++;
    overheard->priority = priority;
    if (!kernel_tank_line(tank, sizeof overheard->text - 4, &text, &size_bytes))
        return;
    memcpy(overheard->text, text, size_bytes + 1);
    overheard->complaint = overheard->complaint || strcmp(text, "\"cause incorrectly formatted!\"") == 0;
    if (overheard->count == 1)
        memcpy(overheard->first, text, size_bytes + 1);
    free(text);
}

static struct overheard overheard;

static struct kernel *boot_jam(const char *relative, const char *hash_expected)
{
    const char *path = tap_corpus(relative);
    uint8_t *jam, hash[HASH_BLAKE3_SIZE_BYTES];
    size_t size_bytes;
    noun trap;
    struct kernel *kernel = NULL;
    if (path == NULL) {
        tap_skip(relative, "LOAM_CORPUS is not set, or has no such file");
        return NULL;
    }
    if (os_read_whole(path, 1 << 26, &jam, &size_bytes) != STATUS_OK ||
        kernel_cue(stack, jam, size_bytes, &trap, hash) != STATUS_OK ||
        kernel_boot(machine, trap, &kernel) != STATUS_OK) {
        tap_ok(false, "%s boots: %s", relative, status_message());
        return NULL;
    }
    free(jam);
    char text[2 * HASH_BLAKE3_SIZE_BYTES + 1];
    for (size_t i = 0; i < HASH_BLAKE3_SIZE_BYTES; i++)
        sprintf(text + 2 * i, "%02x", hash[i]);
    tap_ok(strcmp(text, hash_expected) == 0, "%s boots; its name is %s", relative, text);
    return kernel;
}

/* ---- test-ker.jam ---- */

/* The 16 entries, the kernel's words and the first place that the contract records. */
static void check_bad_poke(struct kernel *kernel)
{
    struct kernel_event event;
    char *text = NULL;
    size_t size_bytes;
    overheard = (struct overheard){0};
    kernel_poke(kernel, job_of(3, "%bad"), &event);
    tap_ok(event.outcome == KERNEL_DONE && event.replaced && event.effects == 0, "%%bad is replaced, without effects");
    tap_ok(noun_list_length(event.goof.tang) == 16 && event.goof.mote == noun_cord("exit"), "its trace has 16 entries");
    tap_ok(noun_is_cell(event.goof.tang) && kernel_tank_text(noun_head(event.goof.tang), 0, &text, &size_bytes) &&
               strcmp(text, "/apps/test-app/bootstrap/kernel.hoon:<[49 5].[49 7]>") == 0,
           "whose first names the place");
    free(text);
    tap_ok(overheard.complaint && overheard.count == 19, "the kernel has complained and told the trace");
    tap_ok(noun_equal(noun_at(event.core, KERNEL_AXIS_STATE), kernel_state(kernel)), "its state is unchanged");
}

static void test_test_kernel(void)
{
    struct kernel *kernel = boot_jam("crates/nockapp/test-jams/test-ker.jam",
                                     "b0f146628d89501219e4aaf186f1d9609d4be2db39e18c6dc57a9b2b8788f2e4");
    if (kernel == NULL)
        return;
    struct kernel_event event;
    struct kernel_peek peek;
    tap_ok(is_noun(kernel_state(kernel), "[0 [0 1958981674] 0 0]"), "its first state is as recorded");
    kernel_peek(kernel, read_noun("[%state 0]"), &peek);
    tap_ok(is_noun(peek.raw, "[0 0 0 0]"), "so is its first peek");
    for (uint64_t i = 1; i <= 2; i++) {
        kernel_poke(kernel, job_of(i, "%inc"), &event);
        tap_ok(event.outcome == KERNEL_DONE && !event.replaced &&
                   is_noun(event.effects, i == 1 ? "[[%state 0 1] 0]" : "[[%state 0 2] 0]"),
               "%%inc answers [%%state 0 %" PRIu64 "]", i);
        kernel_set_core(kernel, event.core);
        kernel_peek(kernel, read_noun("[%state 0]"), &peek);
        tap_ok(is_noun(peek.raw, i == 1 ? "[0 0 0 1]" : "[0 0 0 2]"), "and a peek sees it");
    }
    check_bad_poke(kernel);
    noun bogus = kernel_job(stack, 3, read_noun("[%bogus 0]"), 0, 0, read_noun("%inc"));
    kernel_poke(kernel, bogus, &event);
    tap_ok(event.outcome == KERNEL_DONE && !event.replaced && event.effects == 0 &&
               noun_equal(noun_at(event.core, KERNEL_AXIS_STATE), kernel_state(kernel)),
           "a strange wire is accepted and does nothing");
    kernel_peek(kernel, 0, &peek);
    kernel_peek(kernel, 5, &peek);
    tap_ok(peek.answer == KERNEL_PEEK_CRASHED, "a peek at what is no path crashes");
    tap_ok(kernel_load(kernel, kernel_state(kernel), NULL) == STATUS_OK &&
               is_noun(kernel_state(kernel), "[0 [0 1958981674] 0 2]"),
           "load takes the kernel's own state");
    kernel_destroy(kernel);
}

/* ---- hoonc.jam ---- */

/* The state inside the prewarm file: its jam follows a header of 48 bytes. */
static noun prewarm_state(void)
{
    const char *path = tap_corpus("crates/hoonc/bootstrap/hoonc-prewarm.jam");
    uint8_t *bytes;
    size_t size_bytes;
    noun state = 0;
    if (path == NULL)
        return NOUN_NONE;
    if (os_read_whole(path, 1 << 26, &bytes, &size_bytes) != STATUS_OK ||
        codec_cue(stack, bytes + 48, size_bytes - 48, NULL, &state) != STATUS_OK)
        tap_ok(false, "the prewarm state is read: %s", status_message());
    free(bytes);
    return state;
}

static void test_hoonc(void)
{
    struct kernel *kernel = boot_jam("crates/hoonc/bootstrap/hoonc.jam",
                                     "e17dad4b81d112b41ed12b5fb3e7cb47561e8cf8fd0d741d3465487e823fba95");
    if (kernel == NULL)
        return;
    struct kernel_peek peek;
    struct kernel_event event;
    tap_ok(is_noun(kernel_state(kernel), "[0 [0 1541740840] 3 0 0 0]"), "its first state is as recorded");
    kernel_peek(kernel, read_noun("[%booted 0]"), &peek);
    tap_ok(is_noun(peek.raw, "[0 0 1]"), "it has not booted its library");
    noun state = prewarm_state();
    if (state == NOUN_NONE) {
        tap_skip("hoonc-prewarm.jam", "LOAM_CORPUS has no such file");
    } else {
        overheard = (struct overheard){0};
        tap_ok(kernel_load(kernel, state, NULL) == STATUS_OK, "it loads the prewarm state");
        tap_ok(overheard.count == 2 && strcmp(overheard.first, "[%build-hash 0v1d.ua698]") == 0, "and says so: %s, %s",
               overheard.first, overheard.text);
        kernel_peek(kernel, read_noun("[%booted 0]"), &peek);
        tap_ok(is_noun(peek.raw, "[0 0 0]"), "now it has");
        kernel_poke(kernel, job_of(2, "[%boot 'anything']"), &event);
        tap_ok(event.outcome == KERNEL_DONE && !event.replaced && event.effects == 0, "booting again does nothing");
    }
    kernel_destroy(kernel);
}

int main(void)
{
    stack = space_stack();
    struct nock_options options = {.slog = overhear, .slog_context = &overheard};
    if (nock_create(stack, &options, &machine) != STATUS_OK)
        return 1;
    jet_install(machine);
    test_test_kernel();
    test_hoonc();
    nock_destroy(machine);
    return tap_done();
}
