/* Runs a fuzz target on each file of its corpus: the fuzzer's finds as a test.
 *
 *     replay-NAME DIRECTORY
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "support/tap.h"

#include "target.h"

static uint8_t *read_whole(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size_bytes + 1);
    CHECK(bytes != NULL && fread(bytes, 1, *size_bytes, file) == *size_bytes);
    fclose(file);
    return bytes;
}

int main(int argument_count, char **arguments)
{
    CHECK(argument_count == 2);
    DIR *directory = opendir(arguments[1]);
    CHECK(directory != NULL);
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", arguments[1], entry->d_name);
        size_t size_bytes;
        uint8_t *bytes = read_whole(path, &size_bytes);
        LLVMFuzzerTestOneInput(bytes, size_bytes);
        free(bytes);
        count++;
    }
    closedir(directory);
    tap_ok(count > 0, "%u kept inputs", count);
    return tap_done();
}
