"""Inclusion and consistency proofs of RFC 6962 trees (sections 2.1.1 and 2.1.2; the same in RFC 9162): made from any store of hashes,
checked with nothing but the proof.

A proof is made by naming the ranges of leaves whose hashes it consists of, and asking for each: `ask(first, last)` is the tree hash of
the leaves `first` to `last - 1`. Whoever answers may keep levels, tiles or leaves. Checking never asks anybody, and says no to whatever is
not exactly a proof: too short, too long, or with a hash of another length.
"""

from collections.abc import Callable, Iterator, Sequence

from watchbill.engines.merkle.hashing import EMPTY_ROOT, HASH_BYTES, node_hash

Span = tuple[int, int]
Ask = Callable[[int, int], bytes]


class NoSuchProof(ValueError):
    """There is no such leaf or size in the tree."""


def split_of(count: int) -> int:
    """k of RFC 6962 section 2.1: the largest power of two below `count`, for `count` >= 2."""
    return 1 << (count - 1).bit_length() - 1


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The ranges of leaves whose hashes are the proof that leaf `index` (from 0) is in the tree of `size` leaves, lowest first (PATH of
    RFC 6962 section 2.1.1). Raises NoSuchProof.
    """
    if not 0 <= index < size:
        raise NoSuchProof(f"leaf {index} is not in a tree of {size} leaves")
    spans: list[Span] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + split_of(last - first)
        if index < middle:
            spans.append((middle, last))
            last = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The ranges whose hashes are the proof that the tree of `old` leaves is the beginning of that of `new` (PROOF of RFC 6962 section
    2.1.2). Nothing is needed when the two are the same size. Raises NoSuchProof for 0 leaves or old > new.
    """
    if not 0 < old <= new:
        raise NoSuchProof(f"a tree of {old} leaves can't be proven the beginning of one of {new}")
    spans: list[Span] = []
    first, last, whole = 0, new, True  # whole: what is left of the old tree begins at leaf 0, so its checker has that hash
    while last != old:
        middle = first + split_of(last - first)
        if old <= middle:
            spans.append((middle, last))
            last = middle
        else:
            spans.append((first, middle))
            first, whole = middle, False
    if not whole:
        spans.append((first, last))
    return spans[::-1]


def full_parts(first: int, last: int) -> Iterator[Span]:
    """The full subtrees that the range is made of, largest first. `first` is where a subtree at least as large as the range begins."""
    while first < last:
        count = 1 << (last - first).bit_length() - 1
        yield first, first + count
        first += count


def joined(hashes: Sequence[bytes]) -> bytes:
    """The tree hash over full subtrees given largest first; that of nothing for none."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of equally deep subtrees."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def inclusion_proof(index: int, size: int, ask: Ask) -> list[bytes]:
    """The proof's hashes, lowest first. Raises NoSuchProof."""
    return [ask(first, last) for first, last in inclusion_spans(index, size)]


def consistency_proof(old: int, new: int, ask: Ask) -> list[bytes]:
    """The proof's hashes in the order of RFC 6962. Raises NoSuchProof."""
    return [ask(first, last) for first, last in consistency_spans(old, new)]


def leaf_is_in(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that the leaf hash stands at `index` (from 0) of this tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _hashes((leaf, root, *proof)):
        return False
    node, left, right = leaf, index, size - 1
    for sibling in proof:
        if right == 0:
            return False
        if left & 1 or left == right:
            node = node_hash(sibling, node)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            node = node_hash(node, sibling)
        left, right = left >> 1, right >> 1
    return right == 0 and node == root


def is_beginning_of(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `old` leaves is the beginning of that of `new` (RFC 9162 section 2.1.4.2). The empty tree
    begins every tree and proves nothing, so it is not taken.
    """
    if not 0 < old <= new or not _hashes((old_root, new_root, *proof)):
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    return _climb(path, old - 1, new - 1) == (old_root, new_root)


def _climb(path: Sequence[bytes], left: int, right: int) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency proof leads to; None when it is too long or too short."""
    while left & 1:
        left, right = left >> 1, right >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if right == 0:
            return None
        if left & 1 or left == right:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            newer = node_hash(newer, sibling)
        left, right = left >> 1, right >> 1
    return (older, newer) if right == 0 else None


def _hashes(given: Sequence[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in given)
