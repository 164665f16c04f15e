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

#include "files.h"
#include "target.h"

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
        uint8_t *bytes = fuzz_file_read(path, &size_bytes);
        LLVMFuzzerTestOneInput(bytes, size_bytes);
        free(bytes);
        count++;
    }
    closedir(directory);
    tap_ok(count > 0, "%u kept inputs", count);
    return tap_done();
}
