/* Formulas and what they give, from the tables of docs/nock.md: for the oracle and
 * the engine alike.  To be included once by a test program. */
#ifndef MODEL_CASES_H
#define MODEL_CASES_H

#include <stddef.h>

static const struct {
    const char *subject, *formula, *product; /* NULL: crash */
    const char *trace;                       /* of the crash; NULL: empty */
} cases[] = {
    {"[[4 5] 6 14 15]", "[0 1]", "[[4 5] 6 14 15]", NULL},
    {"[[4 5] 6 14 15]", "[0 2]", "[4 5]", NULL},
    {"[[4 5] 6 14 15]", "[0 15]", "15", NULL},
    {"[[4 5] 6 14 15]", "[0 0]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[0 8]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[4 0 1]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[13 0 1]", NULL, NULL},
    {"[[4 5] 6 14 15]", "5", NULL, NULL},
    {"[[4 5] 6 14 15]", "[2 [0 3] 1 0 2]", "6", NULL},
    {"[[4 5] 6 14 15]", "[3 0 1]", "0", NULL},
    {"[[4 5] 6 14 15]", "[3 0 4]", "1", NULL},
    {"[[4 5] 6 14 15]", "[4 0 4]", "5", NULL},
    {"[[4 5] 6 14 15]", "[5 [0 4] 1 4]", "0", NULL},
    {"[[4 5] 6 14 15]", "[6 [1 1] [1 7] 1 8]", "8", NULL},
    {"[[4 5] 6 14 15]", "[6 [1 2] [1 7] 1 8]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[10 [2 1 9] 0 1]", "[9 6 14 15]", NULL},
    {"[[4 5] 6 14 15]", "[10 [0 1 9] 0 1]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[10 [8 1 9] 0 1]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[11 37 1 5]", "5", NULL},
    {"[[4 5] 6 14 15]", "[11 [37 0 0] 1 5]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[12 [1 1] 1 2]", NULL, NULL},
    {"[[4 5] 6 14 15]", "[[0 4] 0 5]", "[4 5]", NULL},
    {"[[4 5] 6 14 15]", "[7 [0 3] 0 2]", "6", NULL},
    {"[[4 5] 6 14 15]", "[8 [1 1] 0 2]", "1", NULL},
    {"0xffffffffffffffffffffffffffffffff", "[4 0 1]", "0x100000000000000000000000000000000", NULL},
    {"[0 1 2 3]", "[0 18446744073709551616]", NULL, NULL},
    {"[10 0]", "[9 2 [1 6 [5 [0 6] 0 7] [0 6] 9 2 10 [6 4 0 6] 0 1] [0 3] 0 2]", "10", NULL},
    /* shapes that no opcode has */
    {"0", "[[1 2] 3]", NULL, NULL},
    {"0", "[0 2 3]", NULL, NULL},
    {"0", "[2 5]", NULL, NULL},
    {"0", "[5 5]", NULL, NULL},
    {"0", "[6 [1 0] 1]", NULL, NULL},
    {"0", "[7 1]", NULL, NULL},
    {"0", "[8 1]", NULL, NULL},
    {"0", "[9 [2 2] 1 1 1]", NULL, NULL},
    {"0", "[10 2 1 1 1]", NULL, NULL},
    {"0", "[11 1]", NULL, NULL},
    {"0", "[11 [[1 1] 1 1] 1 1]", NULL, NULL},
    {"0", "[18446744073709551616 0 1]", NULL, NULL},
    {"0", "[0x8000000000000000 0 1]", NULL, NULL},
    /* what is malformed must crash only where it is reached */
    {"0", "[6 [1 0] [1 7] 0 0]", "7", NULL},
    {"0", "[6 [1 0] [1 7] 77 77]", "7", NULL},
    {"0", "[8 [1 5] 6 [1 1] 5 0 2]", "5", NULL},
    /* axes beyond a word; edits at the root, of a part, of nothing */
    {"[1 2]", "[0 340282366920938463463374607431768211456]", NULL, NULL},
    {"[1 2]", "[10 [1 0 3] 0 1]", "2", NULL},
    {"[1 2]", "[10 [1 1 7] 0 0]", NULL, NULL},
    {"[1 [2 3] 4]", "[10 [13 1 7] 0 1]", "[1 [2 7] 4]", NULL},
    {"[1 2]", "[10 [18446744073709551616 1 7] 0 1]", NULL, NULL},
    {"[1 2]", "[10 [[1 1] 1 7] 0 1]", NULL, NULL},
    {"[1 2]", "[10 [2 0 0] 0 1]", NULL, NULL},
    /* atoms at the edge of a word */
    {"0x7fffffffffffffff", "[4 0 1]", "0x8000000000000000", NULL},
    {"0xffffffffffffffff", "[4 0 1]", "0x10000000000000000", NULL},
    {"0", "[5 [1 0x8000000000000000] 4 1 0x7fffffffffffffff]", "0", NULL},
    {"0", "[5 [1 [1 2] 3 4] [1 1 2] 1 3 5]", "1", NULL},
    {"0", "[5 [1 [1 2] 3 4] [1 1 2] 1 3 4]", "0", NULL},
    {"0", "[5 [1 1 2] 1 12]", "1", NULL},
    {"[[1 2] 1 2]", "[5 [0 2] 0 3]", "0", NULL},
    /* autocons evaluates the head first; 10 its tree first: seen in the trace */
    {"0", "[[11 [%mean 1 1] 0 0] 11 [%mean 1 2] 0 0]", NULL, "[[%mean 1] 0]"},
    {"0", "[10 [2 11 [%mean 1 1] 0 0] 11 [%mean 1 2] 0 0]", NULL, "[[%mean 2] 0]"},
    {"0", "[5 [11 [%mean 1 1] 0 0] 11 [%mean 1 2] 0 0]", NULL, "[[%mean 1] 0]"},
    {"0", "[2 [11 [%mean 1 1] 0 0] 11 [%mean 1 2] 0 0]", NULL, "[[%mean 1] 0]"},
    {"0", "[12 [11 [%mean 1 1] 0 0] 11 [%mean 1 2] 0 0]", NULL, "[[%mean 1] 0]"},
    /* traces: newest first, only while the body runs, tail calls included */
    {"0", "[11 [%mean 1 'outer'] 11 [%spot 1 [%a 0] [1 2] 1 9] 0 0]", NULL,
     "[[%spot [%a 0] [1 2] 1 9] [%mean 'outer'] 0]"},
    {"0", "[7 [11 [%mean 1 1] 1 0] 0 0]", NULL, NULL},
    {"0", "[11 [%mean 1 1] 7 [1 0] 0 0]", NULL, "[[%mean 1] 0]"},
    {"0", "[11 [%mean 0 0] 1 0]", NULL, NULL},
    {"0", "[11 [%toss 1 1] 11 [%hunk 1 2] 11 [%lose 1 3] 11 [%hand 1 4] 0 0]", NULL,
     "[[%hand 4] [%lose 3] [%hunk 2] 0]"},
    {"0", "[8 [1 11 [%mean 1 2] 0 0] 11 [%mean 1 1] 9 2 0 1]", NULL, "[[%mean 2] [%mean 1] 0]"},
    {"0", "[8 [1 6 [5 [0 6] 1 3] [0 0] 11 [%mean 0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 0 1]", NULL,
     "[[%mean 2] [%mean 1] [%mean 0] 0]"},
    {"0", "[11 ['a tag of more than eight bytes' 1 1] 0 0]", NULL, NULL},
    {"0", "[11 %mean 0 0]", NULL, NULL},
};

#endif
