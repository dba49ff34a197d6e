"""Who needs whom among the packages of a Python lockfile, where needs are given by name.

Nodes are normalised names. One name may stand in a file in several versions, for several platforms or Pythons; they are one node, so that
a hostile file can't make every version of a name need every version of another.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from watchbill.engines.dependencies.formats.values import text_at
from watchbill.engines.dependencies.python_project import AskedFor
from watchbill.engines.dependencies.reachable import Ways, asked_by_none
from watchbill.engines.dependencies.versions import normalise_name


def node_of(package: dict[str, Any]) -> str:
    """The node of a package: its normalised name."""
    return normalise_name("PyPI", text_at(package, "name"))


class PythonGraph:
    """The packages of one file; `needed` gives the nodes that one of them needs, `is_own` says which are folders of the project itself.

    What those folders ask for counts as asked for by the project; they are no step of a way.
    """

    def __init__(
        self,
        packages: Sequence[dict[str, Any]],
        needed: Callable[[dict[str, Any]], Iterable[str]],
        is_own: Callable[[dict[str, Any]], bool],
    ) -> None:
        self._needed = needed
        self._named: dict[str, list[dict[str, Any]]] = {}
        for package in packages:
            self._named.setdefault(node_of(package), []).append(package)
        self._own = {node_of(package) for package in packages if is_own(package)}

    def ways(self, asked: AskedFor | None) -> Ways:
        """How they hang together, from what the project asks for, or else from what none of them needs."""
        if asked is None:
            asked_first = {"": asked_by_none(self._named, self.needs)}
        else:
            asked_first = {group: self._locked(names) for group, names in asked.items()}
        roots = {group: self._without_own(nodes) for group, nodes in asked_first.items()}
        return Ways(roots, self.needs, self.label, complete=asked is not None)

    def needs(self, node: str) -> list[str]:
        """The nodes that a node needs."""
        return self._locked(needed for package in self._named[node] for needed in self._needed(package))

    def label(self, node: str) -> str:
        """A node as "name@version", or by its name alone where there are several versions of it or none."""
        versions = {text_at(package, "version") for package in self._named[node]}
        version = versions.pop() if len(versions) == 1 else ""
        return f"{node}@{version}" if version else node

    def _locked(self, nodes: Iterable[str]) -> list[str]:
        return [node for node in nodes if node in self._named]

    def _without_own(self, nodes: list[str]) -> list[str]:
        waiting, asked = deque(nodes), dict.fromkeys(nodes)
        while waiting:
            node = waiting.popleft()
            if node in self._own:
                new = [needed for needed in self.needs(node) if needed not in asked]
                asked.update(dict.fromkeys(new))
                waiting.extend(new)
        return [node for node in asked if node not in self._own]
