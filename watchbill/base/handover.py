"""What a witness is handed, and what a witness module offers: values and shapes only.

A witness is somebody or something outside this machine's reach that keeps our signed checkpoints. It is never asked to decide anything.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchbill.base.settings import WitnessSettings

_NOTE = re.compile(r"^[^\n]+\n[0-9]+\n[A-Za-z0-9+/=]+\n\n(?:\N{EM DASH} [^\n]+\n)+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WitnessInfo:
    """What a kind of witness says of itself. `settings`: its keys below [witness], the first of which turns it on. `confirms`: whether
    the other side says that it has a checkpoint. `reads_back`: whether what it keeps can be compared with ours. `minutes`: the setting
    that says how long it waits between two checkpoints, empty for at once.
    """

    name: str
    title: str
    settings: tuple[str, ...]
    confirms: bool
    reads_back: bool
    example: str
    minutes: str = ""
    proves: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """The newest checkpoint (`note`, of `size` events), and the statements about changed keys that this witness hasn't seen.

    `known`: the size that it has already, 0 for none; `proof`: that the tree of `known` events is the beginning of this one, for a
    witness that asks for it.
    """

    origin: str
    size: int
    root: bytes
    note: str
    at: datetime
    statements: tuple[str, ...] = ()
    known: int = 0
    proof: tuple[bytes, ...] = ()

    def texts(self) -> tuple[str, ...]:
        """Everything to be handed over, in order."""
        return (*self.statements, self.note)


class WitnessFailed(Exception):
    """It did not take the checkpoint; the message is a clause that says why, without a full stop. It is tried again."""


class WitnessHas(WitnessFailed):
    """It did not take the checkpoint since it has another one than we thought, of `size` events; the proof has to begin there."""

    def __init__(self, size: int, why: str) -> None:
        super().__init__(why)
        self.size = size


class Lost(Exception):
    """What a witness keeps was changed or can't be had: a reason to distrust the trail, not only the witness."""


class Gone(Lost):
    """A witness keeps nothing: a reason for distrust once it was handed something."""


class Witness(Protocol):
    """What a witness module offers."""

    INFO: WitnessInfo

    def place(self, own: WitnessSettings) -> str:
        """Where it keeps them, as shown to people and without secrets; empty when it isn't configured."""

    def hand_over(self, given: Handover, own: WitnessSettings) -> None:
        """Give it the checkpoint, within limits.WITNESS_SECONDS. Raises WitnessFailed."""

    def read_back(self, own: WitnessSettings) -> Iterable[str]:
        """Every checkpoint that it keeps, oldest first, signatures unchecked. Raises WitnessFailed when it could not be asked just
        now, Gone or Lost. Nothing for a witness that can't be read.
        """


def notes_in(text: str) -> list[str]:
    """Every complete checkpoint in a text, oldest first; whatever else stands there is passed over."""
    return _NOTE.findall(text)
