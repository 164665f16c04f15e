/* The programs of bench-nock as text: subject, formula, product.
 *
 * All are plain Nock.  Where a core has two arms or more its battery is a tree
 * of formulas; arguments are at axis 6 and 7 (12 to 15 where there are more).
 */
#ifndef BENCH_NOCK_PROGRAMS_H
#define BENCH_NOCK_PROGRAMS_H

/* A core [decrement argument ...]: the argument at axis 6, counted up to. */
#define DECREMENT "[8 [1 0] 8 [1 6 [5 [0 30] 4 0 6] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]"

/* The arguments at 6 and 7: counts the first up beside the second. */
#define ADD "[8 [[1 0] 0 7] 8 [1 6 [5 [0 30] 0 12] [0 13] 9 2 10 [6 [4 0 12] 4 0 13] 0 1] 9 2 0 1]"

/* fib(n) = fib(n - 1) + fib(n - 2), arms decrement at 4, add at 10, itself at 11. */
#define FIBONACCI                                                                                                      \
    "[6 [5 [0 6] 1 0] [1 0] 6 [5 [0 6] 1 1] [1 1] 8 [9 4 0 1] 9 10 10 [6 9 11 10 [6 0 2] 0 3] "                        \
    "10 [7 9 11 10 [6 9 4 10 [6 0 2] 0 3] 0 3] 0 3]"

/* Of the arguments at 6 and 7, arms decrement at 4, itself at 5. */
#define ACKERMANN                                                                                                      \
    "[6 [5 [0 6] 1 0] [4 0 7] 6 [5 [0 7] 1 0] [9 5 10 [7 1 1] 10 [6 9 4 0 1] 0 1] "                                    \
    "9 5 10 [7 9 5 10 [7 9 4 10 [6 0 7] 0 1] 0 1] 10 [6 9 4 0 1] 0 1]"

/* A tree of 2^20 leaves [20 20], each of its own; the depth so far at 3. */
#define LEAVES "[6 [5 [0 3] 1 20] [[0 3] 0 3] [9 2 10 [3 4 0 3] 0 1] 9 2 10 [3 4 0 3] 0 1]"

/* Counts the atoms of the tree at 6 into 7. */
#define FOLD "[6 [3 0 6] [9 2 10 [6 0 13] 10 [7 9 2 10 [6 0 12] 0 1] 0 1] 4 0 7]"

/* A binary trie, 0 or [left right], by lists of loobeans.  PUT: trie at 6, bits
 * at 14, value at 15.  GET: trie at 6, bits at 7. */
#define TRIE_LEFT "6 [3 0 6] [0 12] 1 0"
#define TRIE_RIGHT "6 [3 0 6] [0 13] 1 0"
#define TRIE_PUT                                                                                                       \
    "[6 [3 0 14] [6 [0 28] [[9 2 10 [6 " TRIE_LEFT "] 10 [14 0 29] 0 1] " TRIE_RIGHT "] [" TRIE_LEFT                   \
    "] 9 2 10 [6 " TRIE_RIGHT "] 10 [14 0 29] 0 1] 0 15]"
#define TRIE_GET "[6 [3 0 7] [6 [0 14] [9 2 10 [6 0 12] 10 [7 0 15] 0 1] 9 2 10 [6 0 13] 10 [7 0 15] 0 1] 0 6]"

/* Over a list of [bits value] at 14: into the trie at 6 by the core at 15; or
 * counting at 6 those that the core at 31 finds in the trie at 30. */
#define TRIE_PUT_ALL "[6 [3 0 14] [9 2 10 [6 9 2 10 [6 0 6] 10 [14 0 56] 10 [15 0 57] 0 15] 10 [14 0 29] 0 1] 0 6]"
#define TRIE_GET_ALL                                                                                                   \
    "[6 [3 0 14] [6 [5 [9 2 10 [6 0 30] 10 [7 0 56] 0 31] 0 57] [9 2 10 [6 4 0 6] 10 [14 0 29] 0 1] 0 0] 0 6]"

/* A million numbers onto a list; a list turned round; a list mapped by a call. */
#define LIST "[6 [5 [0 6] 1 1000000] [0 7] 9 2 10 [7 [0 6] 0 7] 10 [6 4 0 6] 0 1]"
#define FLOP "[6 [3 0 6] [9 2 10 [7 [0 12] 0 7] 10 [6 0 13] 0 1] 0 7]"

/* A core [loop i core]: calls mink on [i formula] until i is 200,000. */
#define VIRTUAL(formula)                                                                                               \
    "[6 [5 [0 6] 1 200000] [0 6] 8 [9 2 10 [6 [[0 6] 1 " formula "] 1 0] 0 7] 9 2 10 [6 4 0 14] 0 3]"

/* A kernel's four arms are at 4, 10, 22 and 23 of [battery state 0].  Each makes
 * a gate of the body and the core; a job counts the state at its axis 30. */
#define KERNEL_GATE(body) "[[1 " body "] [1 0] 0 1]"
#define COUNTER_KERNEL                                                                                                 \
    "[[" KERNEL_GATE("0 7") " " KERNEL_GATE("1 0") " " KERNEL_GATE("[1 0] [1 0] 0 30") " " KERNEL_GATE(                \
        "[1 0] 10 [6 4 0 30] 0 7") "] 0 0]"

#endif
