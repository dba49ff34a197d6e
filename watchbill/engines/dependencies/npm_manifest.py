"""The package.json beside a lockfile: what a project asks for itself. It is asked who is direct, never what is installed.

Format: npm's documentation of package.json.
"""

from dataclasses import dataclass, field

from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.values import list_at, mapping_at
from watchbill.engines.dependencies.packages import Beside, RefusedError

FILE = "package.json"
_GROUPS = {"dependencies": "", "optionalDependencies": "optional", "devDependencies": "dev"}


@dataclass(frozen=True)
class AskedFor:
    """Name -> range by group ("" for running, "optional", "dev"); `workspaces` says whether other folders of the project ask for more."""

    by_group: dict[str, dict[str, str]] = field(default_factory=dict)
    workspaces: bool = False


def asked_beside(beside: Beside, path: str = FILE) -> AskedFor | None:
    """What the package.json at a path beside the lockfile asks for; None where there is none that can be read."""
    data = beside(path)
    if data is None:
        return None
    try:
        document = json_object(data)
    except RefusedError:
        return None
    by_group: dict[str, dict[str, str]] = {}
    for kind, group in _GROUPS.items():
        named = {name: wanted for name, wanted in mapping_at(document, kind).items() if isinstance(wanted, str)}
        by_group[group] = named
    for name in by_group["optional"]:  # npm lists these under `dependencies` too, and the optional one counts
        by_group[""].pop(name, None)
    workspaces = bool(list_at(document, "workspaces") or mapping_at(document, "workspaces"))
    return AskedFor(by_group, workspaces)
