"""Finds the witnesses: every module in `base/witnesses/`. Nobody edits a list. Which of them are in use is said by the settings alone."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import cast

from watchbill.base import witnesses
from watchbill.base.handover import Witness
from watchbill.base.settings import WitnessSettings, settings


@cache
def all_witnesses() -> Mapping[str, Witness]:
    """Every kind of witness by its name."""
    found: dict[str, Witness] = {}
    for module in pkgutil.iter_modules(witnesses.__path__):
        one = cast("Witness", importlib.import_module(f"{witnesses.__name__}.{module.name}"))
        found[one.INFO.name] = one
    return MappingProxyType(found)


def configured(own: WitnessSettings | None = None) -> dict[str, Witness]:
    """Those that the settings name, by name."""
    chosen = own or settings().witness
    return {name: one for name, one in all_witnesses().items() if one.place(chosen)}


def places(own: WitnessSettings | None = None) -> dict[str, str]:
    """Where each configured witness keeps our checkpoints, as shown to people."""
    chosen = own or settings().witness
    return {name: one.place(chosen) for name, one in configured(chosen).items()}
