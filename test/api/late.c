/* The library may be loaded by a program that is running already, as languages
 * with plug-ins do: what it wants for each thread is small enough. */
#include "support/tap.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <threads.h>

static const char *(*message)(void);

static int in_thread(void *context)
{
    *(const char **)context = message();
    return 0;
}

int main(void)
{
    void *library = dlopen(getenv("LOAM_LIBRARY"), RTLD_NOW);
    tap_ok(library != NULL, "libloam.so is loaded late%s%s", library == NULL ? ": " : "",
           library == NULL ? dlerror() : "");
    if (library == NULL)
        return tap_done();
    const char *(*version)(void) = (const char *(*)(void))dlsym(library, "loam_version");
    message = (const char *(*)(void))dlsym(library, "loam_message");
    tap_ok(version != NULL && message != NULL && version()[0] != 0, "and says its version, %s", version());
    const char *said = NULL;
    thrd_t thread;
    tap_ok(thrd_create(&thread, in_thread, &said) == thrd_success && thrd_join(thread, NULL) == thrd_success &&
               said != NULL,
           "a thread that begins afterwards has its own message");
    dlclose(library);
    return tap_done();
}
