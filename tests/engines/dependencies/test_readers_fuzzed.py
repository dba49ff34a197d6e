"""Every reader, found without a list, on our own samples bent in every way: packages or a reason come out, safe to show."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.packages import Beside, Inventory, Unreadable, nothing_beside
from watchbill.engines.dependencies.reading import kinds, read

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "lockfiles"
NAMES = {info.name: info.files[0] for info in kinds()}
SAMPLES = {kind: [path.read_bytes() for path in sorted((FOLDER / kind).glob("*")) if path.name != "expected.json"] for kind in NAMES}
ALL_SAMPLES = [data for samples in SAMPLES.values() for data in samples]
CODES = {
    "truncated",
    "too_large",
    "too_deep",
    "encoding",
    "duplicate_key",
    "syntax",
    "shape",
    "unsupported",
    "not_included",
    "incomplete",
}
TOKENS = [
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n\n", b"\t", b"\\", b'"', b"'", b"#", b"\x1b[2J", "\u202e".encode(), b"\xed\xa0\x80"),
    *(
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!python/object/apply:os.system ",
        b"--- ",
        b"? ",
        b"- ",
        b"%YAML 9\n",
        b"|\n",
        b"null",
        b"~",
        b"{}",
        b"[]",
    ),
    *(b"[[package]]\n", b"[package]\n", b"a.b.c = 1\n", b'"""', b"1979-05-27", b"nan", b"-inf", b"0x1", b"1e999999", b"NaN", b"-0"),
    *(b'<!DOCTYPE a [<!ENTITY a "b">]>', b"&a;", b"<![CDATA[", b"<!--", b"<?x ?>", b"${a}", b"</a>", b"xmlns:x='y'"),
    *(
        b"npm:",
        b"workspace:",
        b"@",
        b"@@",
        b"://",
        b"git+ssh://",
        b"file:",
        b"../" * 9,
        b"-r requirements.txt\n",
        b"==",
        b" => ",
        b"v1.0.0",
    ),
]
OPENINGS = [
    b"[",
    b"{",
    b'{"a":',
    b"[[",
    b"a: [",
    b"a: {b: ",
    b"- ",
    b"? ",
    b"a = [",
    b"a = {b = ",
    b"<a>",
    b"<dependency>",
    b"(",
    b'"',
    b"a.",
    b" ",
]

Bend = Callable[[bytes, random.Random], bytes]


def somewhere(data: bytes, rng: random.Random) -> int:
    return rng.randint(0, len(data))


def stretch(data: bytes, rng: random.Random, most: int = 200) -> tuple[int, int]:
    start = somewhere(data, rng)
    return start, min(len(data), start + rng.randint(0, most))


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def cut_off(data: bytes, rng: random.Random) -> bytes:
    return data[: somewhere(data, rng)]


def left_out(data: bytes, rng: random.Random) -> bytes:
    start, end = stretch(data, rng)
    return data[:start] + data[end:]


def said_again(data: bytes, rng: random.Random) -> bytes:
    start, end = stretch(data, rng)
    at = somewhere(data, rng)
    return data[:at] + data[start:end] * rng.choice((1, 1, 2, 50)) + data[at:]


def line_again(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        lines.insert(rng.randint(0, len(lines)), rng.choice(lines))
    return b"".join(lines)


def lines_swapped(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def with_a_word(data: bytes, rng: random.Random) -> bytes:
    start, end = stretch(data, rng, 10)
    return data[:start] + rng.choice(TOKENS) + data[end:]


def nested(data: bytes, rng: random.Random) -> bytes:
    at = somewhere(data, rng)
    return data[:at] + rng.choice(OPENINGS) * rng.choice((3, 201, 1_000, 20_000)) + data[at:]


def huge_number(data: bytes, rng: random.Random) -> bytes:
    numbers = list(re.finditer(rb"[0-9]+", data))
    if not numbers:
        return data
    start, end = rng.choice(numbers).span()
    return data[:start] + rng.choice((b"9" * 5_000, b"9" * 300, b"1e400", b"-1", b"", b"0" * 100, b"1" + b".0" * 200)) + data[end:]


def long_word(data: bytes, rng: random.Random) -> bytes:
    words = list(re.finditer(rb"[A-Za-z]{2,}", data))
    if not words:
        return data
    start, end = rng.choice(words).span()
    return data[:start] + data[start:end] * rng.choice((2, 300, 5_000)) + data[end:]


def spliced(data: bytes, rng: random.Random) -> bytes:
    other = rng.choice(ALL_SAMPLES)
    start, end = stretch(other, rng, 400)
    at = somewhere(data, rng)
    return data[:at] + other[start:end] + data[at:]


BENDS: list[Bend] = [
    *(flipped, cut_off, left_out, said_again, line_again, lines_swapped),
    *(with_a_word, with_a_word, nested, huge_number, long_word, spliced),
]


def bent(kind: str, seed: int, bends: list[Bend]) -> bytes:
    """A sample of that kind bent so; everything follows from the arguments."""
    rng = random.Random(seed)
    data = rng.choice(SAMPLES[kind] or [b""])
    for bend in bends:
        data = bend(data, rng)
    return data


def beside_of(seed: int) -> Beside:
    """Files beside a lockfile that are as bent as the lockfile itself; every third is absent."""

    def opened(name: str) -> bytes | None:
        rng = random.Random(f"{seed} {name}")
        return None if rng.random() < 0.3 else rng.choice(BENDS)(rng.choice(ALL_SAMPLES), rng)

    return opened


def check(found: object) -> None:
    """The promise of `read`."""
    if isinstance(found, Unreadable):
        assert found.code in CODES, found
        assert found.reason
        assert (found.reason + found.where).isprintable()
        return
    assert isinstance(found, Inventory)
    for note in found.notes:
        assert note.code in CODES, note
        assert (note.reason + note.where).isprintable()
    for package in found.packages:
        texts = (package.ecosystem, package.name, package.version, package.bound, package.place, package.purl, package.integrity)
        assert "".join((*texts, *package.groups, *package.path)).isprintable()
        assert 0 < len(package.name) <= limits.MAX_NAME_CHARS
        assert len(package.path) <= limits.MAX_PATH_STEPS
        assert not (package.direct and package.path)
    keys = [(package.ecosystem, package.name, package.version, package.bound) for package in found.packages]
    assert len(keys) == len(set(keys))


seeds = st.integers(0, 2**32)
bends = st.lists(st.sampled_from(BENDS), min_size=1, max_size=5)


@pytest.mark.parametrize("kind", sorted(NAMES))
class TestEveryReader:
    def test_a_bent_sample_gives_packages_or_a_reason(self, kind: str) -> None:
        @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
        @given(seeds, bends)
        def try_them(seed: int, chosen: list[Bend]) -> None:
            check(read(NAMES[kind], bent(kind, seed, chosen), beside_of(seed)))

        try_them()

    def test_another_format_under_its_name_gives_packages_or_a_reason(self, kind: str) -> None:
        for data in ALL_SAMPLES:
            check(read(NAMES[kind], data))

    def test_bent_bytes_read_alike_twice(self, kind: str) -> None:
        for seed in range(20):
            data = bent(kind, seed, [BENDS[seed % len(BENDS)]])
            assert read(NAMES[kind], data) == read(NAMES[kind], data)

    @pytest.mark.long
    def test_thousands_of_bent_samples_give_packages_or_a_reason(self, kind: str) -> None:
        for seed in range(3_000):
            rng = random.Random(seed)
            chosen = rng.choices(BENDS, k=rng.randint(1, 6))
            beside = beside_of(seed) if seed % 2 else nothing_beside
            try:
                check(read(NAMES[kind], bent(kind, seed, chosen), beside))
            except AssertionError as broken:
                raise AssertionError(f"seed {seed}: {broken}") from broken

    @pytest.mark.long
    def test_cut_off_at_each_byte_a_sample_gives_packages_or_a_reason(self, kind: str) -> None:
        for data in SAMPLES[kind]:
            for end in range(len(data)):
                check(read(NAMES[kind], data[:end]))

    @pytest.mark.long
    def test_with_any_one_byte_left_out_a_sample_gives_packages_or_a_reason(self, kind: str) -> None:
        for data in SAMPLES[kind]:
            for at in range(len(data)):
                check(read(NAMES[kind], data[:at] + data[at + 1 :]))


@pytest.mark.parametrize("bend", BENDS, ids=lambda bend: str(bend.__name__))
def test_each_way_of_bending_changes_something(bend: Bend) -> None:
    assert any(bent(kind, seed, [bend]) not in SAMPLES[kind] for kind in NAMES for seed in range(5))
