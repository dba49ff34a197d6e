"""The frontier against three judges: RFC 6962's own vectors, the recursive definition, and a foreign implementation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from watchbill.engines.merkle.frontier import Frontier, FrontierDamaged
from watchbill.engines.merkle.hashing import EMPTY_ROOT, leaf_hash
from watchbill.engines.merkle.tree import tree_hash, tree_hash_of_leaves

# The eight inputs and roots of the reference log's test suite (certificate-transparency, merkletree tests), public since 2013.
REFERENCE_INPUTS = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(b"event %d" % number) for number in range(301)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_the_reference_logs_roots_are_reproduced(size: int) -> None:
    frontier = Frontier()
    frontier.extend(leaf_hash(entry) for entry in REFERENCE_INPUTS[:size])
    assert frontier.root().hex() == REFERENCE_ROOTS[size - 1]


def test_every_size_up_to_300_equals_the_recursive_definition() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES[:300], 1):
        frontier.append(leaf)
        assert frontier.root() == tree_hash_of_leaves(LEAVES[:size]), size


def test_every_size_up_to_300_equals_a_foreign_implementation() -> None:
    ours, theirs = Frontier(), InmemoryTree(algorithm="sha256")
    for number in range(300):
        entry = b"event %d" % number
        ours.append(leaf_hash(entry))
        theirs.append_entry(entry)
        assert ours.root() == theirs.get_root(), number + 1


def test_a_leaf_gets_the_next_index() -> None:
    frontier = Frontier()
    assert [frontier.append(leaf) for leaf in LEAVES[:5]] == [0, 1, 2, 3, 4]


@given(st.integers(0, 300))
def test_there_is_one_peak_per_set_bit_of_the_size(size: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.size == size
    assert len(frontier.peaks) == size.bit_count()


@given(st.integers(0, 200), st.integers(0, 100))
def test_stored_and_read_back_it_goes_on_as_if_nothing_had_happened(before: int, after: int) -> None:
    whole, part = Frontier(), Frontier()
    whole.extend(LEAVES[: before + after])
    part.extend(LEAVES[:before])
    again = Frontier.from_bytes(part.to_bytes())
    again.extend(LEAVES[before : before + after])
    assert again == whole
    assert again.root() == whole.root()


@given(st.lists(st.binary(max_size=40), max_size=40))
def test_any_entries_give_the_recursive_root(entries: list[bytes]) -> None:
    frontier = Frontier()
    frontier.extend(map(leaf_hash, entries))
    assert frontier.root() == tree_hash(entries)


def test_a_copy_goes_its_own_way() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:3])
    before = frontier.root()
    copy = frontier.copy()
    copy.append(LEAVES[3])
    assert (frontier.size, frontier.root()) == (3, before)
    assert copy.root() == tree_hash_of_leaves(LEAVES[:4])


def test_equal_trees_are_equal_and_hash_alike() -> None:
    one, other = Frontier(), Frontier()
    one.extend(LEAVES[:7])
    other.extend(LEAVES[:7])
    assert one == other
    assert hash(one) == hash(other)
    other.append(LEAVES[7])
    assert one != other


def test_what_is_no_frontier_equals_none() -> None:
    assert Frontier() != b""


def test_it_shows_its_size_and_the_start_of_its_root() -> None:
    assert repr(Frontier()) == "Frontier(size=0, root=e3b0c44298fc1c14)"


def test_a_leaf_that_is_no_hash_is_refused() -> None:
    with pytest.raises(FrontierDamaged, match="32 bytes, not 5"):
        Frontier().append(b"alice")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" * 7, id="half a size"),
        pytest.param((1).to_bytes(8, "big"), id="a leaf without its hash"),
        pytest.param((3).to_bytes(8, "big") + LEAVES[0], id="a peak missing"),
        pytest.param((2).to_bytes(8, "big") + LEAVES[0] + LEAVES[1], id="a peak too many"),
        pytest.param((1).to_bytes(8, "big") + LEAVES[0][:31], id="a hash cut short"),
        pytest.param((0).to_bytes(8, "big") + b"\x00", id="a byte behind the end"),
    ],
)
def test_damaged_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FrontierDamaged):
        Frontier.from_bytes(data)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(FrontierDamaged, match="-1 leaves"):
        Frontier(-1)


@given(st.integers(1, 120), st.integers(0, 119))
def test_changing_any_leaf_changes_the_root(size: int, which: int) -> None:
    leaves = LEAVES[:size]
    changed = list(leaves)
    changed[which % size] = leaf_hash(b"somebody else's story")
    one, other = Frontier(), Frontier()
    one.extend(leaves)
    other.extend(changed)
    assert one.root() != other.root()


@pytest.mark.parametrize("first", [0, 1, 255, 256, 257, 300])
def test_many_leaves_at_once_are_the_same_as_one_after_the_other(first: int) -> None:
    leaves = [leaf_hash(b"event %d" % number) for number in range(1100)]
    at_once, one_by_one = Frontier(), Frontier()
    at_once.extend(leaves[:first])
    at_once.extend(leaves[first:])
    for leaf in leaves:
        one_by_one.append(leaf)
    assert at_once == one_by_one


def test_a_wrong_leaf_among_many_is_refused() -> None:
    leaves = [*LEAVES[:299], b"short"]
    with pytest.raises(FrontierDamaged):
        Frontier().extend(leaves)
