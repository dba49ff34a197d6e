"""The oracle itself: if it were wrong, everything that agrees with it would be too."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.merkle.hashing import EMPTY_ROOT, leaf_hash, node_hash
from watchbill.engines.merkle.tree import largest_power_of_two_below, tree_hash, tree_hash_of_leaves


def test_no_entries_hash_to_the_hash_of_nothing() -> None:
    assert tree_hash([]) == EMPTY_ROOT == sha256(b"").digest()


def test_a_leaf_is_hashed_with_a_zero_byte_before_it() -> None:
    assert tree_hash([b"alice"]) == sha256(b"\x00alice").digest()


def test_a_node_is_hashed_with_a_one_byte_before_its_children() -> None:
    left, right = leaf_hash(b"alice"), leaf_hash(b"bob")
    assert tree_hash([b"alice", b"bob"]) == sha256(b"\x01" + left + right).digest()


def test_three_entries_divide_into_two_and_one() -> None:
    alice, bob, charlie = (leaf_hash(name) for name in (b"alice", b"bob", b"charlie"))
    assert tree_hash([b"alice", b"bob", b"charlie"]) == node_hash(node_hash(alice, bob), charlie)


def test_the_certificate_transparency_example_of_seven_leaves_has_its_shape() -> None:
    # RFC 6962 section 2.1.3: ((d0 d1)(d2 d3)) ((d4 d5) d6)
    leaf = [leaf_hash(b"d%d" % number) for number in range(7)]
    left = node_hash(node_hash(leaf[0], leaf[1]), node_hash(leaf[2], leaf[3]))
    right = node_hash(node_hash(leaf[4], leaf[5]), leaf[6])
    assert tree_hash_of_leaves(leaf) == node_hash(left, right)


@pytest.mark.parametrize(("count", "split"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1000, 512)])
def test_the_split_is_the_largest_power_of_two_below(count: int, split: int) -> None:
    assert largest_power_of_two_below(count) == split


@given(st.integers(2, 10**9))
def test_the_split_leaves_something_on_both_sides(count: int) -> None:
    split = largest_power_of_two_below(count)
    assert split < count <= 2 * split
    assert split & (split - 1) == 0
