#include "codec/bit_writer.h"

#define LENGTH(b) ((b) < 2 ? 1 : (b) < 4 ? 2 : (b) < 8 ? 3 : (b) < 16 ? 4 : (b) < 32 ? 5 : (b) < 64 ? 6 : 7)
#define PREFIX_OF(b, c) ((uint32_t)(2 * (c)) << 16 | 1u << (c) | ((b) ^ 1u << ((c)-1)) << ((c) + 1))
#define PREFIX(b) PREFIX_OF((uint32_t)(b), LENGTH(b))
#define PREFIXES(b)                                                                                                    \
    PREFIX(b), PREFIX((b) + 1), PREFIX((b) + 2), PREFIX((b) + 3), PREFIX((b) + 4), PREFIX((b) + 5), PREFIX((b) + 6),   \
        PREFIX((b) + 7)

const uint32_t bits_mat_prefix[65] = {(uint32_t)1 << 16 | 1, PREFIXES(1),  PREFIXES(9),  PREFIXES(17), PREFIXES(25),
                                      PREFIXES(33),          PREFIXES(41), PREFIXES(49), PREFIXES(57)};
