"""Hands checkpoints to the witnesses and remembers how each of them fares: what it has, since when, and what went wrong last.

Each is told in a thread of its own, so that one that hangs holds up neither the others nor whoever asked; the thread never touches the
database. What failed is tried again at the next checkpoint, with the newest one.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchbill.base import clock, limits, state, witness
from watchbill.base.canonical import instant
from watchbill.base.handover import Handover, Lost, Witness, WitnessFailed, WitnessHas
from watchbill.base.ledger import read_frontier
from watchbill.base.models import AuditEvent, Checkpoint, WitnessState
from watchbill.base.settings import WitnessSettings, settings
from watchbill.base.trail_rows import Hashes
from watchbill.base.unit import news
from watchbill.base.writer import write
from watchbill.engines.merkle.blocks import Missing, Prover
from watchbill.engines.merkle.proofs import NoSuchProof, consistency_proof

_log = logging.getLogger(__name__)
_SAID = "witness_state"
_NONE = "An administrator of this machine could rewrite the audit trail: no witness is configured."


@dataclass(frozen=True, slots=True)
class OneWitness:
    """How one witness fares. `size`: the events under the newest checkpoint that it has. `behind_since`: when the first event was recorded
    that it doesn't cover, None when it covers all. `late`: that is longer ago than it may be. `problem`: what the last attempt failed with.
    """

    name: str
    title: str
    place: str
    size: int
    last_ok: datetime | None
    problem: str
    confirms: bool
    behind_since: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class WitnessStatus:
    """Whether somebody outside keeps our checkpoints: all of them together, and each. `last_ok` is the newest of any, `problem` the first
    there is, `late` that not one of them is up to date.
    """

    configured: bool
    last_ok: datetime | None
    name: str
    problem: str
    late: bool = False
    each: tuple[OneWitness, ...] = ()

    @property
    def holding(self) -> int:
        """How many of them have a checkpoint."""
        return sum(1 for one in self.each if one.last_ok)


@dataclass
class _Errand:
    """One witness being told, in a thread."""

    witness: Witness
    given: Handover
    own: WitnessSettings
    rotations: int
    begun: float
    at: datetime
    problem: str = ""
    has: int | None = None
    ended: bool = False
    given_up: bool = False

    def run(self) -> None:
        try:
            self.witness.hand_over(self.given, self.own)
        except WitnessHas as error:
            self.problem, self.has = str(error), error.size
        except (WitnessFailed, Lost) as error:
            self.problem = str(error) or "it did not say why"
        except Exception as error:  # noqa: BLE001 - the outermost place of its thread
            _log.exception("a witness broke", extra={"witness": self.witness.INFO.name})
            self.problem = f"{type(error).__name__}: {error}"
        self.ended = True


class _Out:
    """The errands of this process that are under way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.threads: dict[str, tuple[_Errand, threading.Thread]] = {}


_out = _Out()


def configured() -> bool:
    """Whether the settings name any witness. Reads no database."""
    return bool(witness.configured())


def tell(given: Handover, statements: tuple[str, ...], patience: float) -> None:
    """Hand the newest checkpoint to every witness that lacks it, and wait `patience` seconds at most; whoever takes longer is heard the
    next time. `statements`: every statement about a changed key, oldest first.
    """
    chosen = witness.configured()
    if not chosen:
        _say_none()
        return
    own, until = settings().witness, clock.monotonic() + patience
    with _out.lock:
        _hear()
        kept = _states(witness.places(own))
        for name, one in chosen.items():
            if name not in _out.threads and _wants(kept[name], one, given, len(statements), own):
                _start(one, _for(kept[name], one, given, statements), len(statements), own)
        for _, thread in list(_out.threads.values()):
            thread.join(max(0.0, until - clock.monotonic()))
        _hear()


def status() -> WitnessStatus:
    """Who keeps our checkpoints, and how far each has come."""
    own = settings().witness
    kept = {row.name: row for row in WitnessState.objects.all()}
    size = read_frontier().size
    each = tuple(_shown(name, one, kept.get(name), size, own) for name, one in witness.configured(own).items())
    oks = [one.last_ok for one in each if one.last_ok]
    problems = [one.problem for one in each if one.problem]
    late = bool(each) and all(one.late for one in each)
    return WitnessStatus(bool(each), max(oks, default=None), "; ".join(one.place for one in each), next(iter(problems), ""), late, each)


def _shown(name: str, one: Witness, row: WitnessState | None, size: int, own: WitnessSettings) -> OneWitness:
    known = row if row is not None and row.place == one.place(own)[: limits.WITNESS_PLACE_CHARS] else WitnessState(name=name)
    since = _recorded(known.size + 1) if known.size < size else None
    allowed = timedelta(minutes=own.late_minutes) + _pause(one, own)
    late = since is not None and clock.now() - since > allowed
    return OneWitness(name, one.INFO.title, one.place(own), known.size, known.last_ok, known.problem, one.INFO.confirms, since, late)


def _recorded(seq: int) -> datetime | None:
    at = AuditEvent.objects.filter(seq=seq).values_list("recorded_at", flat=True).first()
    return instant(at) if at else None


def _pause(one: Witness, own: WitnessSettings) -> timedelta:
    return timedelta(minutes=getattr(own, one.INFO.minutes)) if one.INFO.minutes else timedelta()


def _wants(row: WitnessState, one: Witness, given: Handover, rotations: int, own: WitnessSettings) -> bool:
    """Whether it lacks something, and it is time."""
    if row.rotations < rotations:
        return True
    waited = row.last_ok is None or clock.now() - row.last_ok >= _pause(one, own)
    return row.size < given.size and waited


def _for(row: WitnessState, one: Witness, given: Handover, statements: tuple[str, ...]) -> Handover:
    """What this witness is given: only the statements that are new to it, and a proof if it asks for one."""
    proof = _proof(row.size, given.size) if one.INFO.proves else ()
    return replace(given, statements=statements[row.rotations :], known=row.size, proof=proof)


def _proof(old: int, new: int) -> tuple[bytes, ...]:
    if not 0 < old < new:
        return ()
    try:
        return tuple(consistency_proof(old, new, Prover(Hashes(), new).ask))
    except (Missing, NoSuchProof):
        return ()  # a damaged trail: the witness will refuse what has no proof, and say so


def _start(one: Witness, given: Handover, rotations: int, own: WitnessSettings) -> None:
    errand = _Errand(one, given, own, rotations, clock.monotonic(), clock.now())
    thread = threading.Thread(target=errand.run, name=f"witness {one.INFO.name}", daemon=True)
    _out.threads[one.INFO.name] = (errand, thread)
    thread.start()


def _hear() -> None:
    """Record what became of the errands that have ended, and of those that should have."""
    for name, (errand, _) in list(_out.threads.items()):
        late = clock.monotonic() - errand.begun > 2 * limits.WITNESS_SECONDS
        if errand.ended:
            del _out.threads[name]
            _record(name, errand, errand.problem)
        elif late and not errand.given_up:
            errand.given_up = True
            _record(name, errand, f"no answer after {2 * limits.WITNESS_SECONDS:g} seconds")


def _record(name: str, errand: _Errand, problem: str) -> None:
    place, size, at = errand.witness.place(errand.own), errand.given.size, errand.at
    if problem:
        _log.warning("a witness did not take a checkpoint", extra={"witness": name, "why": problem})

    def keep() -> None:
        row = WitnessState.objects.get(name=name)
        said, row.tried_at = "failed" if problem else "ok", at
        if errand.has is not None and errand.has <= size:
            row.size = errand.has  # the next proof begins there
        row.problem = problem[: limits.WITNESS_PROBLEM_CHARS]
        if not problem:
            row.size, row.rotations, row.last_ok = max(row.size, size), errand.rotations, at
            Checkpoint.objects.filter(size=size, witnessed_at=None).update(witness=place[:200], witnessed_at=at)
        if said != row.said:
            row.said = said
            why = f"{place} did not take a checkpoint: {problem}." if problem else f"{place} keeps the checkpoints."
            news(f"base.witness_{said}", f"witness:{name}", {"why": why})
        row.save()

    write(keep, name="checkpoint.witness")


def _states(places: Mapping[str, str]) -> dict[str, WitnessState]:
    """A row for each configured witness; one that now is somewhere else has nothing yet."""
    kept = {row.name: row for row in WitnessState.objects.filter(name__in=places)}
    moved = {name: place[: limits.WITNESS_PLACE_CHARS] for name, place in places.items()}
    moved = {name: place for name, place in moved.items() if name not in kept or kept[name].place != place}
    if moved:
        fresh = [WitnessState(name=name, place=place) for name, place in moved.items()]

        def begin() -> None:
            WitnessState.objects.filter(name__in=moved).delete()
            WitnessState.objects.bulk_create(fresh)
            state.put(_SAID, "some")

        write(begin, name="checkpoint.witnesses")
        kept |= {row.name: row for row in WitnessState.objects.filter(name__in=moved)}
    return kept


def _say_none() -> None:
    """News only when it is a change."""
    if state.get(_SAID) == "none":
        return

    def tell_it() -> None:
        state.put(_SAID, "none")
        WitnessState.objects.all().delete()
        news("base.no_witness", "witness:none", {"why": _NONE})

    write(tell_it, name="checkpoint.say")
