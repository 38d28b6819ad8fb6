/*
 * The tables of size classes.
 */
#include "front/classes.h"

#define FOUR(n) 16 * (n), 16 * ((n) + 1), 16 * ((n) + 2), 16 * ((n) + 3)
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)

const uint16_t class_sizes[CLASS_COUNT] = {
    0,    SIXTEEN(1), SIXTEEN(17), SIXTEEN(33), SIXTEEN(49), 1168, 1296, 1440, 1632,
    1808, 1984,       2112,        2336,        2608,        2976, 3264, 3632, 3840,
    4352, 4672,       5024,        5456,        5952,        6544, 7264, 8176,
};

/* From the class before, exclusive, to a class of `size` bytes. */
#define UP_TO(before, size) [(before) / 16 + 1 ...(size) / 16]

const uint8_t class_by_units[MA_OBJECT_MAX / MA_ALIGNMENT + 1] = {
    UP_TO(1024, 1168) = 65, UP_TO(1168, 1296) = 66, UP_TO(1296, 1440) = 67, UP_TO(1440, 1632) = 68,
    UP_TO(1632, 1808) = 69, UP_TO(1808, 1984) = 70, UP_TO(1984, 2112) = 71, UP_TO(2112, 2336) = 72,
    UP_TO(2336, 2608) = 73, UP_TO(2608, 2976) = 74, UP_TO(2976, 3264) = 75, UP_TO(3264, 3632) = 76,
    UP_TO(3632, 3840) = 77, UP_TO(3840, 4352) = 78, UP_TO(4352, 4672) = 79, UP_TO(4672, 5024) = 80,
    UP_TO(5024, 5456) = 81, UP_TO(5456, 5952) = 82, UP_TO(5952, 6544) = 83, UP_TO(6544, 7264) = 84,
    UP_TO(7264, 8176) = 85,
};
