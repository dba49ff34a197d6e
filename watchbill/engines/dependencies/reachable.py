"""Questions to a dependency graph: who needs a package only while developing, and by which way it comes in.

What can be reached from each root, and how. Pure, and without recursion; nodes are any text, such as the keys of a lockfile.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain, islice

from watchbill.engines.dependencies import limits

LEFT_OUT = "…"
"""The step that stands for those that a long path leaves out, and the group for those past MAX_ROOT_GROUPS."""


def reachable(roots: Iterable[str], needs: Callable[[str], Iterable[str]]) -> set[str]:
    """Every node that a root is or leads to."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(needs(node))
    return seen


def groups_by_need(roots: Mapping[str, Iterable[str]], needs: Callable[[str], Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The groups of every reachable node: sorted, and none for what the group "" (production) needs too."""
    bounded = _bounded_groups(roots)
    names = sorted(bounded)
    found: dict[str, int] = {}  # a bit for each group: of a hundred thousand nodes in thirty groups, sets would take half a gigabyte
    for number, group in enumerate(names):
        for node in bounded[group]:
            found[node] = found.get(node, 0) | 1 << number
    waiting = deque(found)
    while waiting:
        node = waiting.popleft()
        groups = found[node]
        for needed in needs(node):
            known = found.get(needed, 0)
            if groups | known != known:
                found[needed] = groups | known
                waiting.append(needed)
    written = {groups: _group_names(names, groups) for groups in set(found.values())}
    return {node: written[groups] for node, groups in found.items()}


def _group_names(names: list[str], groups: int) -> tuple[str, ...]:
    named = tuple(name for number, name in enumerate(names) if groups >> number & 1)
    return () if "" in named else named


def _bounded_groups(roots: Mapping[str, Iterable[str]]) -> Mapping[str, Iterable[str]]:
    most = limits.MAX_ROOT_GROUPS
    if len(roots) <= most:
        return roots
    ordered = sorted(roots, key=bool)  # production first
    kept: dict[str, Iterable[str]] = {group: roots[group] for group in ordered[: most - 1]}
    kept[LEFT_OUT] = chain.from_iterable(roots[group] for group in islice(ordered, most - 1, None))
    return kept


def shortest_paths(
    roots: Iterable[str], needs: Callable[[str], Iterable[str]], label: Callable[[str], str] = str
) -> dict[str, tuple[str, ...]]:
    """For each reachable node the shortest chain from a root, included, to the node's parent, included; () for the roots.

    Of several as short the one that is found first: by the order of the roots, then of what each needs. Steps are written as `label`
    writes their nodes. Chains are bounded as by `bounded_path`, which keeps time and memory linear in the graph.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(roots, ())
    waiting = deque(found)
    while waiting:
        node = waiting.popleft()
        onward: tuple[str, ...] = ()
        for needed in needs(node):
            if needed not in found:
                onward = onward or bounded_path((*found[node], label(node)))
                found[needed] = onward
                waiting.append(needed)
    return found


def bounded_path(steps: tuple[str, ...]) -> tuple[str, ...]:
    """At most MAX_PATH_STEPS of the steps: the first ones, LEFT_OUT, and the last."""
    if len(steps) <= limits.MAX_PATH_STEPS:
        return steps
    return (*steps[: limits.MAX_PATH_STEPS - 2], LEFT_OUT, steps[-1])


class Ways:
    """How the packages of one file hang together: which are direct, who needs them, and by which way they come in.

    `roots` are the nodes that the project asks for itself, by group, "" being production; list that one first, so that of two ways as
    short the one of production is told. `needs` gives a node's own dependencies, `label` writes a node as "name@version". `complete`
    says whether `roots` are all there are; otherwise nothing is claimed of the others: direct is None, and there are no groups.
    """

    def __init__(
        self,
        roots: Mapping[str, Iterable[str]],
        needs: Callable[[str], Iterable[str]],
        label: Callable[[str], str] = str,
        *,
        complete: bool = True,
    ) -> None:
        self._roots = {group: tuple(nodes) for group, nodes in roots.items()}
        self._needs = needs
        self._complete = complete
        self._direct = frozenset(chain.from_iterable(self._roots.values()))
        self._paths = shortest_paths(chain.from_iterable(self._roots.values()), needs, label)

    def direct(self, node: str) -> bool | None:
        """Whether the project asks for the node itself; None where that can't be known."""
        return True if node in self._direct else False if self._complete else None

    def path(self, node: str) -> tuple[str, ...]:
        """The shortest chain that brings the node in; empty for direct ones and for those that no known way leads to."""
        return self._paths.get(node, ())

    def groups(self, node: str) -> tuple[str, ...]:
        """The groups that need the node; none where production does or where that can't be known."""
        return self._groups.get(node, ()) if self._complete else ()

    @cached_property
    def _groups(self) -> dict[str, tuple[str, ...]]:
        return groups_by_need(self._roots, self._needs)


def asked_by_none(nodes: Iterable[str], needs: Callable[[str], Iterable[str]]) -> list[str]:
    """The nodes that no other node needs, in their order: in a lockfile, which holds nothing idle, the project itself asks for these."""
    listed = list(nodes)
    asked = {needed for node in listed for needed in needs(node) if needed != node}
    return [node for node in listed if node not in asked]
