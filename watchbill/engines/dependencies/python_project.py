"""The pyproject.toml or Pipfile beside a Python lockfile: what a project asks for itself. It is only ever asked who is direct.

Formats: the packaging guide's pyproject.toml specification (PEP 621, PEP 735), poetry's and pdm's own tables, pipenv's Pipfile.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from watchbill.engines.dependencies.formats.strict_toml import toml_table
from watchbill.engines.dependencies.formats.values import list_at, mapping_at
from watchbill.engines.dependencies.packages import Beside, RefusedError
from watchbill.engines.dependencies.versions import normalise_name

AskedFor = dict[str, list[str]]
"""Normalised names by group: "" for running, "optional" for extras, then each development group by its name."""

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_PIPFILE_GROUPS = {"packages": "", "dev-packages": "dev"}
_PIPFILE_OTHERS = ("source", "requires", "scripts", "pipenv")


def asked_in_pyproject(beside: Beside) -> AskedFor | None:
    """What the pyproject.toml beside the lockfile asks for; None where there is none that can be read or it asks for nothing."""
    document = _table_beside(beside, "pyproject.toml")
    if document is None:
        return None
    found: AskedFor = {"": []}
    project, tool = mapping_at(document, "project"), mapping_at(document, "tool")
    if "dependencies" in list_at(project, "dynamic") and not mapping_at(mapping_at(tool, "poetry"), "dependencies"):
        return None  # they are worked out by the build, so this file doesn't know them
    _keep(found, "", names_asked(list_at(project, "dependencies")))
    for asked in mapping_at(project, "optional-dependencies").values():
        _keep(found, "optional", names_asked(asked))
    for group, asked in mapping_at(document, "dependency-groups").items():
        _keep(found, group, names_asked(asked))
    for group, asked in mapping_at(mapping_at(tool, "pdm"), "dev-dependencies").items():
        _keep(found, group, names_asked(asked))
    _keep_poetry(found, mapping_at(tool, "poetry"))
    return found if any(found.values()) else None


def asked_in_pipfile(beside: Beside) -> AskedFor | None:
    """What the Pipfile beside the lockfile asks for; None where there is none that can be read."""
    document = _table_beside(beside, "Pipfile")
    if document is None:
        return None
    found: AskedFor = {}
    for section, asked in document.items():
        if isinstance(asked, dict) and section not in _PIPFILE_OTHERS:
            _keep(found, _PIPFILE_GROUPS.get(section, section), asked)
    return found


def names_asked(requirements: Any) -> list[str]:  # noqa: ANN401 - a TOML value
    """The names that requirements in PEP 508's notation begin with; what is no text (a group drawn in) is left out."""
    if not isinstance(requirements, list):
        return []
    found = (_NAME.match(asked) for asked in requirements if isinstance(asked, str))
    return [normalise_name("PyPI", match[1]) for match in found if match]


def _table_beside(beside: Beside, name: str) -> dict[str, Any] | None:
    data = beside(name)
    try:
        return None if data is None else toml_table(data)
    except RefusedError:
        return None


def _keep_poetry(found: AskedFor, poetry: Mapping[str, Any]) -> None:
    for name, wanted in mapping_at(poetry, "dependencies").items():
        optional = isinstance(wanted, dict) and wanted.get("optional") is True
        _keep(found, "optional" if optional else "", [name])
    _keep(found, "dev", mapping_at(poetry, "dev-dependencies"))
    groups = mapping_at(poetry, "group")
    for group in groups:
        _keep(found, group, mapping_at(mapping_at(groups, group), "dependencies"))


def _keep(found: AskedFor, group: str, names: Iterable[str]) -> None:
    plain = [normalise_name("PyPI", name) for name in names]
    found.setdefault("" if group in ("main", "default") else group, []).extend(name for name in plain if name != "python")
