"""The tree hash written straight from RFC 6962 section 2.1, slow and obvious: the oracle that the frontier is tested against. Not used
in service.

It never shares an algorithm with frontier.py: this one divides from the top, that one merges from the right edge.
"""

from collections.abc import Sequence

from watchbill.engines.merkle.hashing import EMPTY_ROOT, leaf_hash, node_hash


def largest_power_of_two_below(count: int) -> int:
    """k of RFC 6962 section 2.1: k < count <= 2k, for count >= 2."""
    split = 1
    while split * 2 < count:
        split *= 2
    return split


def tree_hash_of_leaves(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf *hashes*, by MTH's recursion."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_of_two_below(len(leaves))
    return node_hash(tree_hash_of_leaves(leaves[:split]), tree_hash_of_leaves(leaves[split:]))


def tree_hash(entries: Sequence[bytes]) -> bytes:
    """MTH(D[n]) over the entries' bytes."""
    return tree_hash_of_leaves([leaf_hash(entry) for entry in entries])
