"""Answers a prover's questions about a tree of any size from few stored hashes: one per block of 16 leaves, 256 blocks to a row.

A row covers 4,096 leaves and holds 8 KiB; its root stands beside it, so that the top of a tree of ten million leaves is made of 2,442
roots and no leaf is hashed anew. What lies behind the last full row is computed from its leaves. It reads nothing itself: a Store is
asked, and what was asked is kept, so that one prover makes thousands of proofs with one reading of each row. Rows only save work: a proof
made with wrong ones doesn't fit its root, which whoever makes proofs checks.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from watchbill.engines.merkle.hashing import HASH_BYTES, node_hash
from watchbill.engines.merkle.proofs import Span, full_parts, full_root, joined

Levels = list[list[bytes]]

LEAVES = 16
BLOCKS = 256
ROW = LEAVES * BLOCKS
ROWS_KEPT = 256


class Store(Protocol):
    """Where leaf hashes and rows are kept."""

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        """The leaf hashes `first` to `last - 1`."""

    def row(self, number: int) -> bytes:
        """The 256 block hashes of a full row, one after the other."""

    def roots(self) -> Sequence[bytes]:
        """The root of every row there is, from number 0 on without a gap."""


class Missing(LookupError):
    """A hash that the tree needs is not there: leaves are gone."""


def make_row(leaves: Iterable[bytes]) -> tuple[bytes, bytes]:
    """The root and the row of 4,096 leaf hashes. Raises Missing when there are not so many."""
    given = list(leaves)
    if len(given) != ROW:
        raise Missing(f"a row covers {ROW} leaves, not {len(given)}")
    blocks = [full_root(given[at : at + LEAVES]) for at in range(0, ROW, LEAVES)]
    return full_root(blocks), b"".join(blocks)


class Prover:
    """The hash of any range that a proof asks for, in the tree over the first `size` leaves of a store."""

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self._size = size
        self._tops: list[list[bytes]] = [list(store.roots()[: size // ROW])]
        self._rows: dict[int, Levels] = {}
        self._blocks: dict[int, Levels] = {}
        self._behind: dict[Span, bytes] = {}

    def ask(self, first: int, last: int) -> bytes:
        """The tree hash of the leaves `first` to `last - 1`, a range that RFC 6962 splits a tree into. Raises Missing."""
        if last > self._size:
            raise Missing(f"the tree has {self._size} leaves")
        return joined([self._full(*part) for part in full_parts(first, last)])

    def _full(self, first: int, last: int) -> bytes:
        """A full subtree: `last - first` is a power of two and divides `first`."""
        count, number = last - first, first // ROW
        if count >= ROW and last <= len(self._tops[0]) * ROW:
            return self._top(first // count, (count // ROW).bit_length() - 1)
        if count > ROW:
            return self._across(first, last)
        if number >= len(self._tops[0]):
            return at_level(self._row_behind(number), first % ROW, count)
        if count >= LEAVES:
            return at_level(self._row(number), first % ROW // LEAVES, count // LEAVES)
        return at_level(self._block(first // LEAVES), first % LEAVES, count)

    def _top(self, number: int, level: int) -> bytes:
        """A subtree over full rows."""
        while len(self._tops) <= level:
            self._tops.append(level_above(self._tops[-1]))
        return self._tops[level][number]

    def _across(self, first: int, last: int) -> bytes:
        """A large subtree that reaches behind the last stored row."""
        if (first, last) not in self._behind:
            middle = (first + last) // 2
            self._behind[first, last] = node_hash(self._full(first, middle), self._full(middle, last))
        return self._behind[first, last]

    def _row(self, number: int) -> Levels:
        """The levels over the blocks of a stored row."""
        if number not in self._rows:
            data = self._store.row(number)
            if len(data) != BLOCKS * HASH_BYTES:
                raise Missing(f"row {number} of the tree's hashes is damaged")
            _keep(self._rows, number, levels_over([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]))
        return self._rows[number]

    def _row_behind(self, number: int) -> Levels:
        """The levels over the leaves of a row that is not stored, up to the tree's end."""
        if number not in self._rows:
            _keep(self._rows, number, levels_over(self._leaves(number * ROW, min(self._size, (number + 1) * ROW))))
        return self._rows[number]

    def _block(self, number: int) -> Levels:
        """The levels over one block's leaves."""
        if number not in self._blocks:
            _keep(self._blocks, number, levels_over(self._leaves(number * LEAVES, (number + 1) * LEAVES)))
        return self._blocks[number]

    def _leaves(self, first: int, last: int) -> Sequence[bytes]:
        found = self._store.leaves(first, last)
        if len(found) != last - first:
            raise Missing(f"of the events {first + 1} to {last}, {last - first - len(found)} are missing")
        return found


def level_above(below: Sequence[bytes]) -> list[bytes]:
    """The roots over each two of a level's hashes; a last one without a partner is left out."""
    return [node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]


def levels_over(hashes: Sequence[bytes]) -> Levels:
    """All levels of full subtrees over the hashes, from themselves up."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        levels.append(level_above(levels[-1]))
    return levels


def at_level(levels: Levels, first: int, count: int) -> bytes:
    """The root of the `count` (a power of two) hashes from `first` on."""
    return levels[count.bit_length() - 1][first // count]


def _keep(kept: dict[int, Levels], number: int, levels: Levels) -> None:
    """Room for the new one is made by the oldest."""
    if len(kept) >= ROWS_KEPT:
        del kept[next(iter(kept))]
    kept[number] = levels
