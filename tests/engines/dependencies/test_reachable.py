"""The questions to a dependency graph, against the plainest possible answers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.reachable import LEFT_OUT, Ways, asked_by_none, bounded_path, groups_by_need, reachable, shortest_paths

Edges = dict[str, list[str]]

nodes = st.sampled_from("abcdef")
edges = st.dictionaries(nodes, st.lists(nodes, max_size=4), max_size=6)


def all_chains(needs: Edges, roots: set[str]) -> dict[str, list[tuple[str, ...]]]:
    """Every chain without a node twice, from a root to each node's parent: slow and obvious."""
    found: dict[str, list[tuple[str, ...]]] = {}

    def walk(node: str, chain: tuple[str, ...]) -> None:
        found.setdefault(node, []).append(chain)
        for needed in needs.get(node, ()):
            if needed not in (*chain, node):
                walk(needed, (*chain, node))

    for root in roots:
        walk(root, ())
    return found


@given(edges, st.sets(nodes))
def test_what_is_reachable_holds_the_roots_and_all_that_they_need(needs: Edges, roots: set[str]) -> None:
    found = reachable(roots, lambda node: needs.get(node, ()))
    assert roots <= found
    assert all(set(needs.get(node, ())) <= found for node in found)


@given(edges, st.sets(nodes), st.sets(nodes))
def test_what_production_needs_is_in_no_group(needs: Edges, production: set[str], dev: set[str]) -> None:
    groups = groups_by_need({"": production, "dev": dev}, lambda node: needs.get(node, ()))
    assert {node for node, named in groups.items() if not named} == reachable(production, lambda node: needs.get(node, ()))


def test_a_chain_of_a_hundred_thousand_packages_is_followed() -> None:
    assert len(reachable(["0"], lambda node: [str(int(node) + 1)] if int(node) < 100_000 else [])) == 100_001


@given(edges, st.sets(nodes))
def test_each_path_is_one_of_the_shortest_there_are(needs: Edges, roots: set[str]) -> None:
    found = shortest_paths(sorted(roots), lambda node: needs.get(node, ()))
    chains = all_chains(needs, roots)
    assert found.keys() == chains.keys()
    for node, path in found.items():
        assert path in chains[node]
        assert len(path) == min(map(len, chains[node]))


@given(edges, st.sets(nodes))
def test_a_path_leads_from_a_root_to_a_parent_by_way_of_needs(needs: Edges, roots: set[str]) -> None:
    for node, path in shortest_paths(sorted(roots), lambda each: needs.get(each, ())).items():
        assert (node in roots) == (path == ())
        assert not path or path[0] in roots
        assert all(after in needs[before] for before, after in pairwise((*path, node)))


def test_roots_are_reached_by_nothing_even_where_a_package_needs_them() -> None:
    assert shortest_paths("ab", {"a": "b", "b": "a"}.__getitem__) == {"a": (), "b": ()}


def test_of_two_paths_as_short_the_first_root_wins() -> None:
    assert shortest_paths("ab", {"a": "c", "b": "c", "c": ""}.__getitem__)["c"] == ("a",)


def test_steps_are_written_as_their_label() -> None:
    assert shortest_paths("a", {"a": "b", "b": "c", "c": ""}.__getitem__, label=str.upper)["c"] == ("A", "B")


def test_a_long_chain_keeps_its_beginning_and_its_end_and_takes_linear_memory() -> None:
    found = shortest_paths(["0"], lambda node: [str(int(node) + 1)] if int(node) < 100_000 else [])
    most = limits.MAX_PATH_STEPS
    assert found["100000"] == (*(str(number) for number in range(most - 2)), LEFT_OUT, "99999")
    assert max(map(len, found.values())) == most


@given(st.lists(st.text(max_size=3), max_size=30))
def test_a_bounded_path_begins_and_ends_as_the_whole_one(steps: list[str]) -> None:
    path = bounded_path(tuple(steps))
    assert len(path) <= limits.MAX_PATH_STEPS
    assert path[:1] == tuple(steps[:1])
    assert path[-1:] == tuple(steps[-1:])
    assert (LEFT_OUT in path) >= (len(steps) > limits.MAX_PATH_STEPS)


@given(edges, st.dictionaries(st.sampled_from(["", "dev", "docs", "test"]), st.lists(nodes, max_size=3)))
def test_groups_are_those_whose_roots_lead_there(needs: Edges, roots: dict[str, list[str]]) -> None:
    reached = {group: reachable(asked, lambda node: needs.get(node, ())) for group, asked in roots.items()}
    expected = {node: {group for group in reached if node in reached[group]} for node in set().union(*reached.values())}
    found = groups_by_need(roots, lambda node: needs.get(node, ()))
    assert found == {node: () if "" in groups else tuple(sorted(groups)) for node, groups in expected.items()}


def test_groups_are_told_apart_up_to_their_limit_and_are_one_past_it() -> None:
    most = limits.MAX_ROOT_GROUPS
    roots = {f"g{number:03}": [f"n{number}"] for number in range(most)}
    assert groups_by_need(roots, lambda node: ())[f"n{most - 1}"] == (f"g{most - 1:03}",)
    more = groups_by_need({**roots, "late": ["z"], "": ["p"]}, lambda node: ())
    assert (more["n0"], more["z"], more["p"]) == (("g000",), (LEFT_OUT,), ())


class TestWays:
    def test_with_all_roots_known_the_others_are_not_direct(self) -> None:
        ways = Ways({"": ["a"], "dev": ["b"]}, {"a": "c", "b": "d", "c": "", "d": ""}.__getitem__)
        assert [ways.direct(node) for node in "abcd"] == [True, True, False, False]
        assert [ways.groups(node) for node in "abcd"] == [(), ("dev",), (), ("dev",)]
        assert [ways.path(node) for node in "abcd"] == [(), (), ("a",), ("b",)]

    def test_with_roots_missing_nothing_is_claimed_of_the_others(self) -> None:
        ways = Ways({"dev": ["a"]}, {"a": "b", "b": ""}.__getitem__, complete=False)
        assert [(ways.direct(node), ways.groups(node), ways.path(node)) for node in "ab"] == [(True, (), ()), (None, (), ("a",))]

    def test_a_node_that_no_root_leads_to_has_no_way(self) -> None:
        ways = Ways({"": ["a"]}, lambda node: ())
        assert (ways.direct("z"), ways.path("z"), ways.groups("z")) == (False, (), ())


@given(edges)
def test_what_none_needs_is_needed_by_no_other(needs: Edges) -> None:
    found = asked_by_none("abcdef", lambda node: needs.get(node, ()))
    assert found == [node for node in "abcdef" if not any(node in needs.get(other, ()) for other in "abcdef" if other != node)]
