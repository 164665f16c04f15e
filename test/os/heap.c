#include "os/os.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tap.h"

#define PIECE_BYTES ((size_t)64 << 10)
#define PIECES 128

static long faults(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_minflt;
}

/* Takes, touches and frees 8 MiB. */
static void use_pieces(void)
{
    static void *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = malloc(PIECE_BYTES);
        CHECK(pieces[i] != NULL);
        memset(pieces[i], (int)i, PIECE_BYTES);
    }
    for (size_t i = 0; i < PIECES; i++)
        free(pieces[i]);
}

int main(void)
{
    char *kept = strdup("what was there before");
    os_heap_prepare();
    use_pieces();
    tap_ok(strcmp(kept, "what was there before") == 0, "what was allocated before stays");
    free(kept);
#if defined __GLIBC__ && !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    long before = faults();
    use_pieces();
    tap_ok(faults() - before < (long)(PIECES * PIECE_BYTES / 4096 / 8),
           "pieces that were freed are used again: %ld faults", faults() - before);
#else
    (void)faults;
    tap_ok(true, "another allocator decides for itself");
#endif
    return tap_done();
}
