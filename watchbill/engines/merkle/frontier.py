"""The frontier: the few hashes from which a growing RFC 6962 tree goes on, so that adding a leaf costs one hash on average and no
reading.

It holds the root of each full subtree on the tree's right edge, one per set bit of the size, largest first. It never stores leaves and
can't prove anything about a single one. Invariant: `len(peaks) == size.bit_count()`.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Self

from watchbill.engines.merkle.hashing import EMPTY_ROOT, HASH_BYTES, node_hash

_SIZE_BYTES = 8
_BLOCK = 256


class FrontierDamaged(ValueError):
    """The stored bytes are no frontier; the message says what is wrong with them."""


class Frontier:
    """A tree of `size` leaves by its right edge. `copy()` before adding what may have to be taken back."""

    __slots__ = ("_peaks", "_size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Raises FrontierDamaged unless there is one 32-byte hash per set bit of the size."""
        self._size = size
        self._peaks = list(peaks)
        if size < 0:
            raise FrontierDamaged(f"a tree can't have {size} leaves")
        if len(self._peaks) != size.bit_count() or any(len(peak) != HASH_BYTES for peak in self._peaks):
            raise FrontierDamaged(f"{len(self._peaks)} hashes don't make the right edge of a tree of {size} leaves")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """Roots of the full subtrees, largest first."""
        return tuple(self._peaks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frontier) and self._size == other._size and self._peaks == other._peaks

    def __hash__(self) -> int:
        return hash((self._size, tuple(self._peaks)))

    def __repr__(self) -> str:
        return f"Frontier(size={self._size}, root={self.root().hex()[:16]})"

    def append(self, leaf: bytes) -> int:
        """Add one leaf hash (32 bytes, already hashed with 0x00) and return its index, from 0."""
        if len(leaf) != HASH_BYTES:
            raise FrontierDamaged(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf)}")
        index = self._size
        peaks = self._peaks
        while index & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()  # node_hash, written out: checking a long trail is spent here
            index >>= 1
        peaks.append(leaf)
        self._size += 1
        return self._size - 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order, 256 at once where they make a full subtree: that takes half the time."""
        given, at = list(leaves), 0
        while at < len(given):
            block = given[at : at + _BLOCK]
            if self._size % _BLOCK or len(block) < _BLOCK or any(len(leaf) != HASH_BYTES for leaf in block):
                self.append(given[at])
                at += 1
                continue
            while len(block) > 1:
                block = [sha256(b"\x01" + block[i] + block[i + 1]).digest() for i in range(0, len(block), 2)]
            self._push(block[0], _BLOCK)
            at += _BLOCK

    def _push(self, root: bytes, count: int) -> None:
        """Add a full subtree of `count` leaves, a power of two that divides the size."""
        index = self._size // count
        while index & 1:
            root = node_hash(self._peaks.pop(), root)
            index >>= 1
        self._peaks.append(root)
        self._size += count

    def root(self) -> bytes:
        """The tree's hash (RFC 6962 section 2.1): SHA-256 of nothing for the empty tree."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> "Frontier":
        """An independent frontier of the same tree."""
        return Frontier(self._size, self._peaks)

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, most significant first, then each peak's 32 bytes, largest subtree first."""
        return self._size.to_bytes(_SIZE_BYTES, "big") + b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises FrontierDamaged when length and size don't fit."""
        size, hashes = int.from_bytes(data[:_SIZE_BYTES], "big"), data[_SIZE_BYTES:]
        if len(data) < _SIZE_BYTES or len(hashes) % HASH_BYTES:
            raise FrontierDamaged(f"{len(data)} bytes are no frontier")
        return cls(size, (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)))
