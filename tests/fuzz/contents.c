/*
 * Pieces of a payload, each with the model's pattern.
 */
#include "contents.h"

#include "base/bits.h"
#include "base/config.h"
#include "model/shadow.h"

/* Of a large payload so many bytes are written and read at its begin, in PIECE_COUNT pages and at its end. */
#define PIECE ((size_t)64)
#define PIECE_COUNT ((size_t)16)

/* A run of bytes that is looked at; bytes over the payload. */
struct piece {
    size_t start;
    size_t end;
};

static struct piece first_piece(size_t filled)
{
    return (struct piece){0, filled <= CONTENTS_WHOLE ? filled : PIECE};
}

/* The piece after `piece`; an empty one after the last. Those that overlap agree: they begin at whole words of the pattern. */
static struct piece next_piece(struct piece piece, size_t filled)
{
    if (piece.end == filled) {
        return (struct piece){filled, filled};
    }
    size_t start = bits_round_up(piece.start + filled / PIECE_COUNT, MA_PAGE);
    return start + PIECE < filled ? (struct piece){start, start + PIECE}
                                  : (struct piece){bits_round_down(filled - PIECE, 8), filled};
}

void contents_fill(unsigned char *payload, size_t size, uint64_t pattern)
{
    for (struct piece p = first_piece(size); p.start < p.end; p = next_piece(p, size)) {
        pattern_fill(payload + p.start, p.end - p.start, pattern + p.start);
    }
}

size_t contents_mismatch(const unsigned char *payload, size_t size, size_t filled, uint64_t pattern)
{
    for (struct piece p = first_piece(filled); p.start < bits_min(p.end, size);
         p = next_piece(p, filled)) {
        size_t length = bits_min(p.end, size) - p.start;
        size_t at = pattern_mismatch(payload + p.start, length, pattern + p.start);
        if (at != length) {
            return p.start + at;
        }
    }
    return size;
}

/* Where `find` finds something, which tells so by an offset below the size that it is given. */
static size_t find_in_pieces(const unsigned char *payload, size_t size,
                             size_t (*find)(const unsigned char *bytes, size_t size))
{
    for (struct piece p = first_piece(size); p.start < p.end; p = next_piece(p, size)) {
        size_t at = find(payload + p.start, p.end - p.start);
        if (at != p.end - p.start) {
            return p.start + at;
        }
    }
    return size;
}

size_t contents_nonzero(const unsigned char *payload, size_t size)
{
    return find_in_pieces(payload, size, first_nonzero);
}

size_t contents_stale(const unsigned char *payload, size_t size)
{
    return find_in_pieces(payload, size, pattern_find);
}
