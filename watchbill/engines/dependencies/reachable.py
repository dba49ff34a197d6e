"""Questions to a dependency graph: who needs a package only while developing, and by which way it comes in.

What can be reached from each root, and how. Pure, and without recursion; nodes are any text, such as the keys of a lockfile.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from watchbill.engines.dependencies import limits

LEFT_OUT = "…"
"""The step that stands for those that a long path leaves out."""


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
    found: dict[str, set[str]] = {}
    for group, nodes in roots.items():
        for node in reachable(nodes, needs):
            found.setdefault(node, set()).add(group)
    return {node: () if "" in groups else tuple(sorted(groups)) for node, groups in found.items()}


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
