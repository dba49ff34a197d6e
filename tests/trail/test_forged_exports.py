"""Whatever is done to an export, the standalone verifier with one checkpoint from outside finds it and names the first event at fault."""

import json
from collections.abc import Callable

import pytest

from tests.trail import forging
from tests.trail.conftest import EVENTS, KEPT, Kept
from tests.trail.exports import honest, members, packed, verdict
from tests.trail.forging import FORGER, Files, edited, lines, put, rebuilt

pytestmark = pytest.mark.django_db


def change(number: int, **fields: object) -> Callable[[Files], None]:
    """Give the event of this number other values."""

    def forge(files: Files) -> None:
        told = lines(files)
        told[number - 1] = edited(told[number - 1], **fields)
        put(files, told)

    return forge


def rewrite(number: int, change_text: Callable[[str], str]) -> Callable[[Files], None]:
    """Write the event of this number in another way that reads the same."""

    def forge(files: Files) -> None:
        told = lines(files)
        new = change_text(told[number - 1].decode())
        assert new != told[number - 1].decode()
        assert "\n" not in new[:-1]
        told[number - 1] = new.encode()
        put(files, told)

    return forge


def moved(forge: Callable[[list[bytes]], list[bytes]]) -> Callable[[Files], None]:
    """Take events out, put some in, or change their order."""

    def forged(files: Files) -> None:
        put(files, forge(lines(files)))

    return forged


def both(*steps: Callable[[Files], None]) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        for step in steps:
            step(files)

    return forge


def fresh_hashes(files: Files) -> None:
    forging.hashed(files)


def by_a_forger(files: Files) -> None:
    rebuilt(files, FORGER)
    files["keys.txt"] = forging.keys_file(forging.origin(files), FORGER)


def by_the_administrator(files: Files) -> None:
    rebuilt(files, forging.the_logs_key())


def by_the_administrator_who_forgot_old_checkpoints(files: Files) -> None:
    rebuilt(files, forging.the_logs_key(), keep_old_notes=True)


def cut_at(size: int) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        put(files, lines(files)[:size])
        forging.hashed(files)

    return forge


def older_checkpoint(size: int) -> Callable[[Files], None]:
    """The log's own checkpoint of that size takes the place of the newest."""

    def forge(files: Files) -> None:
        notes = files["checkpoints.txt"].decode().split("\n\n")
        found = next(at for at in range(0, len(notes), 2) if notes[at].strip().split("\n")[1] == str(size))
        files["checkpoint.txt"] = f"{notes[found].strip()}\n\n{notes[found + 1].strip()}\n".encode()
        files["checkpoints.txt"] = b""

    return forge


def flipped_signature(name: str) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        head, _, signature = files[name].rstrip(b"\n").rpartition(b" ")
        other = signature[:50] + (b"A" if signature[50:51] != b"A" else b"B") + signature[51:]
        files[name] = head + b" " + other + b"\n"

    return forge


def another_root(files: Files) -> None:
    text = files["checkpoint.txt"].decode().split("\n")
    text[2] = ("A" if text[2][0] != "A" else "B") + text[2][1:]
    files["checkpoint.txt"] = "\n".join(text).encode()


def another_log(files: Files) -> None:
    name = forging.origin(files)
    files["checkpoint.txt"] = files["checkpoint.txt"].replace(name.encode(), b"watchbill/elsewhere")
    files["keys.txt"] = forging.keys_file("watchbill/elsewhere", FORGER)


def wrong_key(files: Files) -> None:
    files["keys.txt"] = forging.keys_file(forging.origin(files), FORGER)


def change_of_key(by: str, size: int, *, then: bool) -> Callable[[Files], None]:
    """keys.txt claims that the log's key gave way to the forger's at that size, signed by the forger or by nobody who counts."""

    def forge(files: Files) -> None:
        name, old = forging.origin(files), forging.the_logs_key()
        signer = FORGER if by == "forger" else old
        note = forging.change_of_key(name, old, FORGER, size, signer)
        files["keys.txt"] = forging.keys_file(name, old, FORGER, changes=note)
        if then:
            files["checkpoint.txt"] = forging.signed(files, len(lines(files)), FORGER)

    return forge


def other_value(files: Files) -> None:
    opened = json.loads(files["private.jsonl"])
    files["private.jsonl"] = json.dumps({**opened, "value": "bob@saltmarsh.example"}).encode() + b"\n"


def value_of_another_event(files: Files) -> None:
    opened = json.loads(files["private.jsonl"])
    files["private.jsonl"] = json.dumps({**opened, "seq": 3}).encode() + b"\n"


def another_hash(number: int) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        told = bytearray(files["hashes.bin"])
        told[32 * number - 1] ^= 1
        files["hashes.bin"] = bytes(told)

    return forge


def without(name: str) -> Callable[[Files], None]:
    return lambda files: files.__delitem__(name)


def shortened(name: str, octets: int) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        files[name] = files[name][:-octets]

    return forge


def extra(name: str) -> Callable[[Files], None]:
    return lambda files: files.__setitem__(name, b"look at me")


SAME = '"seq":37,'
# What was done, how, the first event that the verifier names (or the span it must lie in), and what it says.
FORGERIES = [
    ("an event edited", change(37, target="finding:1"), 37, "event 37 was changed"),
    ("an event edited and hashed anew", both(change(37, target="finding:1"), fresh_hashes), (31, 40), "from 31 to 40 was changed"),
    ("its time edited", change(37, occurred_at="2026-06-01T08:00:00.000000Z"), 37, "event 37 was changed"),
    ("its time of recording edited", change(37, recorded_at="2026-06-01T08:00:00.000000Z"), 37, "event 37 was changed"),
    ("its actor exchanged", change(37, actor="watchbill"), 37, "event 37 was changed"),
    ("the first event edited", change(1, action="finding.closed"), 1, "event 1 was changed"),
    ("the last event edited", change(EVENTS, action="finding.closed"), EVENTS, f"event {EVENTS} was changed"),
    ("an event deleted", moved(lambda told: told[:36] + told[37:]), 37, "event 37 is missing"),
    ("the first deleted", moved(lambda told: told[1:]), 1, "event 1 is missing"),
    ("the last deleted", moved(lambda told: told[:-1]), EVENTS, "the end was cut off"),
    (
        "an event deleted and all after it renumbered",
        both(moved(lambda t: forging.renumbered(t[:36] + t[37:]))),
        37,
        "event 37 was changed",
    ),
    ("an event slipped in", moved(lambda t: [*t[:37], edited(t[36], seq=38), *t[37:]]), 38, "event 38"),
    ("an event slipped in and all renumbered", moved(lambda t: forging.renumbered([*t[:37], t[3], *t[37:]])), 38, "event 38 was changed"),
    ("an event added at the end", moved(lambda t: [*t, edited(t[-1], seq=EVENTS + 1)]), EVENTS + 1, ""),
    ("an event told twice", moved(lambda t: [*t[:37], *t[36:]]), 38, "event 37 stands once more where event 38 should"),
    ("two events exchanged", moved(lambda t: [*t[:36], t[37], t[36], *t[38:]]), 37, "event 37 is missing: the next one is 38"),
    (
        "two events exchanged with their numbers",
        both(moved(lambda t: forging.renumbered([*t[:36], t[37], t[36], *t[38:]]))),
        37,
        "event 37",
    ),
    ("the tail cut off", cut_at(60), 61, "the end was cut off: the export's checkpoint knows 100 events, here are 60"),
    (
        "the tail cut off, with an older checkpoint",
        both(cut_at(60), older_checkpoint(60)),
        61,
        "your checkpoint knows 80 events, here are 60",
    ),
    ("everything cut off", cut_at(0), 1, "the end was cut off"),
    ("an older checkpoint in place of the newest", older_checkpoint(90), 91, "events were added behind"),
    ("everything rebuilt by a forger", both(change(37, target="finding:1"), by_a_forger), 1, "the keys were exchanged"),
    ("everything rebuilt with the log's key", both(change(37, target="finding:1"), by_the_administrator), (1, 80), "from 1 to 80"),
    (
        "everything rebuilt but for the old checkpoints",
        both(change(37, target="finding:1"), by_the_administrator_who_forgot_old_checkpoints),
        (31, 40),
        "from 31 to 40 was changed: the tree of 40 events doesn't fit an earlier checkpoint in the export",
    ),
    (
        "an event deleted and everything rebuilt",
        both(moved(lambda t: forging.renumbered(t[1:])), by_the_administrator),
        (1, 80),
        "from 1 to 80",
    ),
    ("the signature changed", flipped_signature("checkpoint.txt"), KEPT + 1, "no valid signature"),
    ("an earlier signature changed", flipped_signature("checkpoints.txt"), KEPT + 1, "no valid signature"),
    ("the signed root changed", another_root, (KEPT + 1, EVENTS), "no valid signature"),
    ("another key", wrong_key, 1, "the keys were exchanged"),
    ("another log's name", another_log, 1, "your checkpoint is of"),
    ("a change of the key that the forger signed", change_of_key("forger", 50, then=True), 51, "a change of the key is forged"),
    ("a change of the key before what the old key signed", change_of_key("log", 50, then=True), 1, "the keys were exchanged"),
    ("a value opened to another", other_value, 1, "the value that private.jsonl gives for event 1 is not the one"),
    ("a value opened where it doesn't stand", value_of_another_event, 3, "private.jsonl opens something that event 3 doesn't have"),
    ("a stored hash changed", another_hash(37), 37, "event 37 was changed"),
    ("stored hashes taken away", shortened("hashes.bin", 32 * 10), 91, "event 91 was changed"),
    ("the last line cut", shortened("events.jsonl", 5), EVENTS, "events.jsonl ends within a line"),
    ("no events", without("events.jsonl"), 1, "the export has no events.jsonl"),
    ("no checkpoint", without("checkpoint.txt"), None, "the export has no checkpoint.txt"),
    ("no keys", without("keys.txt"), None, "the export has no keys.txt"),
    ("a file too many", extra("events2.jsonl"), None, "a file that no export has: 'events2.jsonl'"),
    ("a file outside", extra("../../etc/passwd"), None, "a file that no export has"),
    # Tricks of writing: the same to a careless reader, other bytes.
    ("a blank slipped in", rewrite(37, lambda t: t.replace(SAME, '"seq": 37,')), 37, "event 37 is not written as events are"),
    ("a blank at the end", rewrite(37, lambda t: t.replace("}\n", "} \n")), 37, "event 37 is not written as events are"),
    ("a key told twice", rewrite(37, lambda t: t.replace(SAME, '"seq":1,"seq":37,')), 37, "event 37 is not written as events are"),
    ("a key of the body told twice", rewrite(37, lambda t: t.replace('{"n":37', '{"n":1,"n":37')), 37, "event 37 is not written"),
    ("keys in another order", rewrite(37, lambda t: t.replace('"ref":"",' + SAME, SAME + '"ref":"",')), 37, "event 37 is not written"),
    (
        "keys of the body in another order",
        rewrite(37, lambda t: t.replace('"n":37,"why":"é 37"', '"why":"é 37","n":37')),
        37,
        "not written",
    ),
    ("a letter escaped", rewrite(37, lambda t: t.replace("é", "\\u00e9")), 37, "event 37 is not written as events are"),
    ("a letter composed otherwise", rewrite(37, lambda t: t.replace("é", "e\u0301")), 37, "event 37 was changed"),
    ("a slash escaped", rewrite(37, lambda t: t.replace("finding.opened", "finding\\u002eopened")), 37, "event 37 is not written"),
    ("a number written otherwise", rewrite(37, lambda t: t.replace('"n":37', '"n":3.7e1')), 37, "event 37 is not written as events are"),
    ("another key added", rewrite(37, lambda t: t.replace('"target"', '"tag":"","target"')), 37, "event 37"),
    ("a line end of another kind", rewrite(37, lambda t: t.replace("}\n", "}\r\n")), 37, "event 37 is not written as events are"),
    (
        "bytes that are no text",
        lambda f: put(f, [*lines(f)[:36], lines(f)[36].replace(b"opened", b"open\xff\xfe"), *lines(f)[37:]]),
        37,
        "",
    ),
]


@pytest.fixture(scope="module")
def forgeries() -> dict[str, tuple[Callable[[Files], None], object, str]]:
    return {name: (forge, first, says) for name, forge, first, says in FORGERIES}


def test_an_honest_export_is_fine(whole: Kept) -> None:
    assert honest(whole.export, whole.checkpoint) == EVENTS


def test_no_two_forgeries_have_the_same_name() -> None:
    assert len({name for name, *_ in FORGERIES}) == len(FORGERIES) > 50


def test_every_forgery_is_found_and_its_first_event_named(whole: Kept) -> None:
    """One export for all: making it costs more than forging it."""
    original, wrong = members(whole.export), []
    for name, forge, first, says in FORGERIES:
        files = dict(original)
        forge(files)
        found = verdict(packed(whole.folder / "forged.zip", files), whole.checkpoint)
        low, high = first if isinstance(first, tuple) else (first, first)
        named = first is None or (found.first is not None and low <= found.first <= high)
        if (found.code, named, says in found.reason) != (1, True, True):
            wrong.append((name, found.code, found.first, found.reason))
    assert not wrong, "\n".join(map(str, wrong))
