"""Who needs a package only while developing: what can be reached from each root of a dependency graph. Pure, and without recursion."""

from collections.abc import Callable, Iterable, Mapping


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
