"""Proofs against two judges: the recursion of RFC 6962 written out, and a foreign implementation at every size from 1 to 1,000."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.hashing import leaf_hash, node_hash
from watchbill.engines.merkle.proofs import (
    NoSuchProof,
    consistency_proof,
    consistency_spans,
    inclusion_proof,
    inclusion_spans,
    is_beginning_of,
    leaf_is_in,
    split_of,
)
from watchbill.engines.merkle.tree import largest_power_of_two_below, tree_hash_of_leaves

SIZES = 1000
LEAVES = [leaf_hash(b"event %d" % number) for number in range(SIZES)]
OTHER = leaf_hash(b"another")


class Remembering:
    """Subtree hashes by the recursion, each computed once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self.known: dict[tuple[int, int], bytes] = {}

    def ask(self, first: int, last: int) -> bytes:
        if last - first == 1:
            return self.leaves[first]
        if (first, last) not in self.known:
            middle = first + largest_power_of_two_below(last - first)
            self.known[first, last] = node_hash(self.ask(first, middle), self.ask(middle, last))
        return self.known[first, last]


TREE = Remembering(LEAVES)


@pytest.fixture(scope="module")
def theirs() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(SIZES):
        tree.append_entry(b"event %d" % number)
    return tree


def path_by_the_book(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = largest_power_of_two_below(len(leaves))
    if index < split:
        return [*path_by_the_book(index, leaves[:split]), tree_hash_of_leaves(leaves[split:])]
    return [*path_by_the_book(index - split, leaves[split:]), tree_hash_of_leaves(leaves[:split])]


def subproof_by_the_book(old: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2."""
    if old == len(leaves):
        return [] if known else [tree_hash_of_leaves(leaves)]
    split = largest_power_of_two_below(len(leaves))
    if old <= split:
        return [*subproof_by_the_book(old, leaves[:split], known), tree_hash_of_leaves(leaves[split:])]
    return [*subproof_by_the_book(old - split, leaves[split:], False), tree_hash_of_leaves(leaves[:split])]


def foreign_inclusion(tree: InmemoryTree, index: int, size: int) -> list[bytes]:
    """Their path begins with the leaf itself."""
    path = tree.prove_inclusion(index + 1, size).path
    assert path[0] == LEAVES[index]
    return path[1:]


def foreign_consistency(tree: InmemoryTree, old: int, size: int) -> list[bytes]:
    """Theirs has another form (it goes down to the last leaf of the old tree, for a rule of bits), so each hash is compared that the RFC's
    form asks for: the foreign root of the same range of leaves.
    """
    return [tree._get_root(first, last) for first, last in consistency_spans(old, size)]


def look_at(theirs: InmemoryTree, size: int, indexes: Sequence[int], olds: Sequence[int]) -> None:
    root = TREE.ask(0, size)
    assert root == theirs.get_root(size), size
    for index in indexes:
        proof = inclusion_proof(index, size, TREE.ask)
        assert proof == foreign_inclusion(theirs, index, size), (index, size)
        assert leaf_is_in(LEAVES[index], index, size, proof, root), (index, size)
    for old in olds:
        proof = consistency_proof(old, size, TREE.ask)
        assert proof == foreign_consistency(theirs, old, size), (old, size)
        assert is_beginning_of(old, theirs.get_root(old), size, root, proof), (old, size)


def test_at_every_size_to_a_thousand_roots_and_sampled_proofs_equal_a_foreign_implementations(theirs: InmemoryTree) -> None:
    dice = random.Random(6962)
    for size in range(1, SIZES + 1):
        sampled = {0, size - 1, size // 2, *(dice.randrange(size) for _ in range(3))}
        look_at(theirs, size, sorted(sampled), sorted({one + 1 for one in sampled}))


@pytest.mark.real
def test_at_every_size_to_a_thousand_every_proof_equals_a_foreign_implementations(theirs: InmemoryTree) -> None:
    for size in range(1, SIZES + 1):
        look_at(theirs, size, range(size), range(1, size + 1))


def test_every_proof_of_small_trees_is_that_of_the_book() -> None:
    for size in range(1, 66):
        for number in range(size):
            assert inclusion_proof(number, size, TREE.ask) == path_by_the_book(number, LEAVES[:size])
            assert consistency_proof(number + 1, size, TREE.ask) == subproof_by_the_book(number + 1, LEAVES[:size], True)


def test_every_pair_of_small_trees_is_proven() -> None:
    for size in range(1, 40):
        for number in range(size):
            proof = consistency_proof(number + 1, size, TREE.ask)
            assert is_beginning_of(number + 1, TREE.ask(0, number + 1), size, TREE.ask(0, size), proof)


@pytest.mark.parametrize(("count", "split"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1000, 512)])
def test_a_tree_is_split_at_the_largest_power_of_two_below(count: int, split: int) -> None:
    assert split_of(count) == largest_power_of_two_below(count) == split


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(NoSuchProof):
        inclusion_spans(index, size)
    assert not leaf_is_in(OTHER, index, size, [], OTHER)


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_a_size_that_was_never_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(NoSuchProof):
        consistency_spans(old, new)
    assert not is_beginning_of(old, OTHER, new, OTHER, [])


def test_the_same_tree_twice_needs_no_hashes() -> None:
    root = TREE.ask(0, 7)
    assert consistency_proof(7, 7, TREE.ask) == []
    assert is_beginning_of(7, root, 7, root, [])
    assert not is_beginning_of(7, root, 7, OTHER, [])
    assert not is_beginning_of(7, root, 7, root, [root])


def spoilt(proof: list[bytes], how: int) -> list[bytes]:
    """The proof with something wrong with it."""
    where = how % (len(proof) + 1)
    ways = [
        [*proof[:where], OTHER, *proof[where:]],
        proof[:where] + proof[where + 1 :],
        [*proof, proof[-1]] if proof else [OTHER],
        [*proof[:where], *(bytes([one[0] ^ 1]) + one[1:] for one in proof[where : where + 1]), *proof[where + 1 :]],
        [one[:31] for one in proof],
        proof[::-1],
    ]
    return ways[how % len(ways)]


@given(size=st.integers(1, 300), at=st.integers(0, 299), how=st.integers(0, 1000))
def test_a_spoilt_proof_of_inclusion_proves_nothing(size: int, at: int, how: int) -> None:
    index = at % size
    proof = inclusion_proof(index, size, TREE.ask)
    changed = spoilt(proof, how)
    assert leaf_is_in(LEAVES[index], index, size, changed, TREE.ask(0, size)) is (changed == proof)


@given(size=st.integers(1, 300), at=st.integers(0, 299), how=st.integers(0, 1000))
def test_a_spoilt_proof_of_consistency_proves_nothing(size: int, at: int, how: int) -> None:
    old = at % size + 1
    proof = consistency_proof(old, size, TREE.ask)
    changed = spoilt(proof, how)
    assert is_beginning_of(old, TREE.ask(0, old), size, TREE.ask(0, size), changed) is (changed == proof)


@given(size=st.integers(2, 300), at=st.integers(0, 299), other=st.integers(0, 299))
def test_a_leaf_is_proven_only_where_it_stands(size: int, at: int, other: int) -> None:
    index, elsewhere = at % size, other % size
    proof = inclusion_proof(index, size, TREE.ask)
    assert leaf_is_in(LEAVES[index], elsewhere, size, proof, TREE.ask(0, size)) is (index == elsewhere)


@given(size=st.integers(2, 300), at=st.integers(0, 299))
def test_another_past_is_not_a_beginning(size: int, at: int) -> None:
    old = at % (size - 1) + 1
    forged = Frontier()
    forged.extend([*LEAVES[: old - 1], OTHER])
    proof = consistency_proof(old, size, TREE.ask)
    assert not is_beginning_of(old, forged.root(), size, TREE.ask(0, size), proof)
