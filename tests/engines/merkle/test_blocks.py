"""Proofs from stored rows equal those from all leaves, at every place that rows could spoil, and cost little reading."""

import random
from collections.abc import Sequence

import pytest

from watchbill.engines.merkle.blocks import BLOCKS, LEAVES, ROW, ROWS_KEPT, Missing, Prover, make_row
from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.hashing import leaf_hash
from watchbill.engines.merkle.proofs import consistency_proof, inclusion_proof, is_beginning_of, leaf_is_in
from watchbill.engines.merkle.tree import tree_hash_of_leaves

SIZE = 3 * ROW + 777
HASHES = [leaf_hash(b"%d" % number) for number in range(SIZE)]


class Kept:
    """A store that counts what is read from it."""

    def __init__(self, rows: int, hashes: Sequence[bytes] = HASHES) -> None:
        made = [make_row(hashes[at * ROW : (at + 1) * ROW]) for at in range(rows)]
        self.hashes = hashes
        self.tops = [root for root, _ in made]
        self.rows = [row for _, row in made]
        self.leaves_read = 0
        self.rows_read = 0

    def leaves(self, first: int, last: int) -> Sequence[bytes]:
        self.leaves_read += last - first
        return self.hashes[first:last]

    def row(self, number: int) -> bytes:
        self.rows_read += 1
        return self.rows[number]

    def roots(self) -> Sequence[bytes]:
        return self.tops


@pytest.fixture(scope="module")
def root() -> bytes:
    frontier = Frontier()
    frontier.extend(HASHES)
    return frontier.root()


EDGES = [0, 1, 15, 16, 17, ROW - 1, ROW, ROW + 1, 2 * ROW - 16, 2 * ROW, 3 * ROW - 1, 3 * ROW, 3 * ROW + 1, SIZE - 2, SIZE - 1]


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
@pytest.mark.parametrize("index", EDGES)
def test_a_leaf_at_every_edge_is_proven_however_many_rows_are_stored(root: bytes, rows: int, index: int) -> None:
    proof = inclusion_proof(index, SIZE, Prover(Kept(rows), SIZE).ask)
    assert leaf_is_in(HASHES[index], index, SIZE, proof, root)


@pytest.mark.parametrize("rows", [0, 2, 3])
@pytest.mark.parametrize("old", [1, 2, 16, 100, ROW, ROW + 1, 2 * ROW, 2 * ROW + 4000, 3 * ROW, 3 * ROW + 700, SIZE])
def test_a_beginning_at_every_edge_is_proven(root: bytes, rows: int, old: int) -> None:
    frontier = Frontier()
    frontier.extend(HASHES[:old])
    proof = consistency_proof(old, SIZE, Prover(Kept(rows), SIZE).ask)
    assert is_beginning_of(old, frontier.root(), SIZE, root, proof)


def test_a_tree_that_ended_before_its_last_rows_is_proven_too() -> None:
    size = ROW + 100  # an older checkpoint: three rows are stored by now
    frontier = Frontier()
    frontier.extend(HASHES[:size])
    prover = Prover(Kept(3), size)
    assert prover.ask(0, size) == frontier.root()
    assert leaf_is_in(HASHES[ROW + 5], ROW + 5, size, inclusion_proof(ROW + 5, size, prover.ask), frontier.root())


def test_a_proof_reads_a_block_and_a_row_and_the_end_once() -> None:
    store = Kept(3)
    prover = Prover(store, SIZE)
    inclusion_proof(5000, SIZE, prover.ask)
    assert (store.leaves_read, store.rows_read) == (LEAVES + 777, 1)
    inclusion_proof(5001, SIZE, prover.ask)
    assert (store.leaves_read, store.rows_read) == (LEAVES + 777, 1)


def test_many_proofs_read_no_row_twice() -> None:
    store, dice = Kept(3), random.Random(1)
    prover = Prover(store, SIZE)
    for index in sorted(dice.randrange(3 * ROW) for _ in range(300)):
        inclusion_proof(index, SIZE, prover.ask)
    assert store.rows_read == 3
    assert store.leaves_read <= 300 * LEAVES + 777


def test_what_a_prover_keeps_is_bounded() -> None:
    prover = Prover(Kept(3), SIZE)
    for index in range(0, 3 * ROW, LEAVES):
        inclusion_proof(index, SIZE, prover.ask)
    assert len(prover._blocks) <= ROWS_KEPT


def test_a_row_holds_the_roots_of_its_blocks_and_has_their_root() -> None:
    root, row = make_row(HASHES[:ROW])
    assert len(row) == BLOCKS * 32
    assert row[32:64] == tree_hash_of_leaves(HASHES[LEAVES : 2 * LEAVES])
    assert root == tree_hash_of_leaves(HASHES[:ROW])


def test_a_row_of_too_few_leaves_is_refused() -> None:
    with pytest.raises(Missing):
        make_row(HASHES[: ROW - 1])


def test_leaves_that_are_gone_are_named() -> None:
    with pytest.raises(Missing, match="of the events 12289 to 13065, 77 are missing"):
        inclusion_proof(0, SIZE, Prover(Kept(3, HASHES[:-77]), SIZE).ask)


def test_a_damaged_row_is_not_used() -> None:
    store = Kept(3)
    store.rows[1] = store.rows[1][:-1]
    with pytest.raises(Missing, match="row 1"):
        inclusion_proof(5000, SIZE, Prover(store, SIZE).ask)


def test_nothing_behind_the_end_is_answered() -> None:
    with pytest.raises(Missing):
        Prover(Kept(1), ROW).ask(0, ROW + 1)
