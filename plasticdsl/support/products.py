"""Products of a matrix of weights with several vectors, and its change by several outer products: it comes from memory once for all of them.

Weights are those of connections between all pairs of units, sorted by pre, then post unit: that of unit j to unit i is number j n_post + i. Where `gap`
is 1, units have no connection with themselves, and rows are one shorter.

Both work on tiles of so many columns that they stay in a fast cache, for two rows of the result at a time, so that each number that is read serves two
multiplications (Goto & van de Geijn 2008, "Anatomy of high-performance matrix multiplication", ACM Trans. Math. Softw. 34:12). The text goes into
generated modules, which compile it; a product that is added is rounded once there, not twice.
"""

from __future__ import annotations

import numpy as np

from plasticdsl.support.memory import fetch

Row = np.ndarray[tuple[int], np.dtype[np.float64]]
Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]

#: Columns of a tile.
TILE = 128
#: Fewer columns leave too much of a tile empty.
FEWEST = TILE // 4
#: Rows that are added to a result at once.
GROUP = 8
#: Numbers of 64 bits in a line of the cache.
IN_A_LINE = 8
#: Vectors that are taken at once at most.
MOST_AT_ONCE = 64
#: Rows after which a sum goes on in double precision.
LONGEST = 64


def steps_at_once(pre: int, post: int) -> int:
    """How many vectors are best taken at once with so many rows and columns: what earlier changes add to later sums takes longer, the more there are; and
    none with few columns, since tiles are worked on as wholes."""
    return min(MOST_AT_ONCE, pre // 32 * GROUP) if post >= FEWEST else 0


def in_groups(length: int) -> int:
    """A length rounded up to whole groups."""
    return -(-length // GROUP) * GROUP


def sums_of_rows(steps: int, pre: int, post: int, gap: int, shown: Rows, w: Row, tile: Row, rows: Row, sums: Rows) -> None:
    """sums[t, i] = Σ_j shown[t, j] w_ij for t < `steps`. `shown`: an even number of rows of whole groups, 0 beyond the units; `tile` and `rows`: places
    for as many rows and for a group, `TILE` each."""
    for first in range(0, post, TILE):
        width = min(TILE, post - first)
        for t in range(steps):
            whole = sums[t, first : first + width]
            for i in range(width):
                whole[i] = 0.0
        for begin in range(0, pre, LONGEST):
            for place in range(len(tile)):
                tile[place] = 0.0
            for j in range(begin, min(begin + LONGEST, pre), GROUP):
                for k in range(GROUP):
                    take_row(j + k, pre, post, gap, first, width, w, rows[k * TILE : (k + 1) * TILE])
                    ask_for_row(j + k + GROUP, pre, post, gap, first, width, w)
                for t in range(0, steps, 2):
                    one, other = tile[t * TILE : (t + 1) * TILE], tile[(t + 1) * TILE : (t + 2) * TILE]
                    add_group(shown[t, j : j + GROUP], shown[t + 1, j : j + GROUP], rows, one, other)
            for t in range(steps):
                part, whole = tile[t * TILE : (t + 1) * TILE], sums[t, first : first + width]
                for i in range(width):
                    whole[i] += part[i]


def change_rows(terms: int, pre: int, post: int, gap: int, factors: Rows, changes: Rows, kept: Row, tile: Row, rows: Row, w: Row) -> None:
    """w_ij = kept[i] w_ij + Σ_r factors[r, j] changes[r, i] for r < `terms`. `tile` and `rows`: as for `sums_of_rows`."""
    for first in range(0, post, TILE):
        width = min(TILE, post - first)
        for r in range(in_groups(terms)):
            part, one = tile[r * TILE : (r + 1) * TILE], changes[min(r, terms - 1), first : first + width]
            for i in range(width):
                part[i] = one[i] if r < terms else 0.0
        for j in range(0, pre, 2):
            one, other = rows[:TILE], rows[TILE : 2 * TILE]
            take_row(j, pre, post, gap, first, width, w, one)
            take_row(j + 1, pre, post, gap, first, width, w, other)
            ask_for_row(j + GROUP, pre, post, gap, first, width, w)
            ask_for_row(j + GROUP + 1, pre, post, gap, first, width, w)
            left = kept[first : first + width]
            for i in range(width):
                one[i] *= left[i]
                other[i] *= left[i]
            for r in range(0, terms, GROUP):
                add_group(factors[r : r + GROUP, j], factors[r : r + GROUP, j + 1], tile[r * TILE : (r + GROUP) * TILE], one, other)
            give_row(j, pre, post, gap, first, width, one, w)
            give_row(j + 1, pre, post, gap, first, width, other, w)


def add_group(a: Row, b: Row, rows: Row, one: Row, other: Row) -> None:
    """one[i] += Σ_k a[k] rows[k, i], and the same with b for the other, for the rows of a group."""
    a0, a1, a2, a3, a4, a5, a6, a7 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    b0, b1, b2, b3, b4, b5, b6, b7 = b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]
    for i in range(TILE):
        r0, r1, r2, r3 = rows[i], rows[TILE + i], rows[2 * TILE + i], rows[3 * TILE + i]
        r4, r5, r6, r7 = rows[4 * TILE + i], rows[5 * TILE + i], rows[6 * TILE + i], rows[7 * TILE + i]
        one[i] = one[i] + a0 * r0 + a1 * r1 + a2 * r2 + a3 * r3 + a4 * r4 + a5 * r5 + a6 * r6 + a7 * r7
        other[i] = other[i] + b0 * r0 + b1 * r1 + b2 * r2 + b3 * r3 + b4 * r4 + b5 * r5 + b6 * r6 + b7 * r7


def take_row(j: int, pre: int, post: int, gap: int, first: int, width: int, w: Row, row: Row) -> None:
    """row[i] = w_ij of unit `first` + i; 0 for what is not there."""
    if j >= pre:
        for i in range(len(row)):
            row[i] = 0.0
        return
    begin = max(j * (post - gap) + first - gap * (first > j), 0)
    missing = j - first if gap == 1 and first <= j < first + width else width
    before = w[begin : begin + missing]
    for i in range(missing):
        row[i] = before[i]
    if missing < width:
        row[missing] = 0.0
        after, rest = row[missing + 1 : width], w[begin + missing : begin + width - 1]
        for i in range(len(after)):
            after[i] = rest[i]


def ask_for_row(j: int, pre: int, post: int, gap: int, first: int, width: int, w: Row) -> None:
    """Row j will be wanted soon: parts of rows lie apart, which the processor does not foresee."""
    if j < pre:
        begin = max(j * (post - gap) + first - gap, 0)
        for place in range(begin, begin + width, IN_A_LINE):
            fetch(place, w)


def give_row(j: int, pre: int, post: int, gap: int, first: int, width: int, row: Row, w: Row) -> None:
    """The opposite: w_ij = row[i] for what is there."""
    if j >= pre:
        return
    begin = max(j * (post - gap) + first - gap * (first > j), 0)
    missing = j - first if gap == 1 and first <= j < first + width else width
    before = w[begin : begin + missing]
    for i in range(missing):
        before[i] = row[i]
    if missing < width:
        after, rest = row[missing + 1 : width], w[begin + missing : begin + width - 1]
        for i in range(len(after)):
            rest[i] = after[i]


def add_changes(terms: int, step: int, changes: Rows, overlaps: Rows, sums: Rows) -> None:
    """sums[step, i] += Σ_r overlaps[r, step] changes[r, i] for r < `terms`."""
    whole = sums[step]
    for r in range(0, terms - 3, 4):
        a, b, c, d = overlaps[r, step], overlaps[r + 1, step], overlaps[r + 2, step], overlaps[r + 3, step]
        one, two, three, four = changes[r], changes[r + 1], changes[r + 2], changes[r + 3]
        for i in range(len(whole)):
            whole[i] = whole[i] + a * one[i] + b * two[i] + c * three[i] + d * four[i]
    for r in range(terms - terms % 4, terms):
        a, one = overlaps[r, step], changes[r]
        for i in range(len(whole)):
            whole[i] += a * one[i]


def overlaps_of(change: int, begin: int, end: int, factors: Rows, shown: Rows, overlaps: Rows) -> None:
    """overlaps[change, t] = Σ_j factors[change, j] shown[t, j] from t = `begin` to before `end`."""
    one = factors[change]
    for t in range(begin, end):
        other, total = shown[t], 0.0
        for j in range(len(one)):
            total += float(one[j]) * float(other[j])
        overlaps[change, t] = total
