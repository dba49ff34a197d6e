"""Looking into parsed documents without trusting their shape: the value asked for, or an empty one."""

from collections.abc import Mapping
from typing import Any


def text_at(holder: Mapping[str, Any], key: str) -> str:
    """The string under a key; empty if it is missing or something else."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def mapping_at(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The mapping under a key; empty if it is missing or something else."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def list_at(holder: Mapping[str, Any], key: str) -> list[Any]:
    """The list under a key; empty if it is missing or something else."""
    value = holder.get(key)
    return value if isinstance(value, list) else []


def mappings_at(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The mappings of the list under a key; other items are left out."""
    return [item for item in list_at(holder, key) if isinstance(item, dict)]
