"""The laws that every order keeps, whatever the ecosystem; and that noise is unknown or ordered, but never an error and never slow."""

import itertools
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engines.dependencies.version_samples import GRAMMARS, noise
from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.matching import canonical_version
from watchbill.engines.dependencies.versions import compare, family_of, ordered_families, version_key

one_grammar = st.sampled_from(sorted(GRAMMARS))


def versions(count: int) -> st.SearchStrategy[tuple[str, list[str]]]:
    """An ecosystem and some versions of its grammar."""
    return one_grammar.flatmap(lambda name: st.tuples(st.just(name), st.lists(GRAMMARS[name], min_size=count, max_size=count)))


def mixed(count: int) -> st.SearchStrategy[tuple[str, list[str]]]:
    """The same, with noise among them."""
    return one_grammar.flatmap(
        lambda name: st.tuples(st.just(name), st.lists(st.one_of(GRAMMARS[name], noise), min_size=count, max_size=count))
    )


@pytest.mark.parametrize("ecosystem", sorted(GRAMMARS))
def test_the_grammar_of_these_tests_is_the_ecosystems_own(ecosystem: str) -> None:
    """Otherwise the laws below would be about nothing."""

    @settings(max_examples=10)
    @given(st.lists(GRAMMARS[ecosystem], min_size=20, max_size=20))
    def most_are_versions(made: list[str]) -> None:
        assert sum(version_key(ecosystem, one) is not None for one in made) >= 10

    most_are_versions()


@given(mixed(2))
@example(("Packagist", ["1.0", "1.0.0"]))
@example(("Packagist", ["1.0.#", "1.0"]))
@example(("Alpine:v3.18", ["1-r-0", "1-r0"]))
def test_the_other_way_round_is_the_other_answer(drawn: tuple[str, list[str]]) -> None:
    ecosystem, (a, b) = drawn
    forward, backward = compare(ecosystem, a, b), compare(ecosystem, b, a)
    assert backward == (None if forward is None else -forward)


@given(mixed(1))
def test_a_version_is_the_same_as_itself_or_unknown(drawn: tuple[str, list[str]]) -> None:
    ecosystem, (version,) = drawn
    assert compare(ecosystem, version, version) in (0, None)
    if version_key(ecosystem, version) is not None:
        assert compare(ecosystem, version, version) == 0


@given(versions(3))
@example(("RubyGems", ["1.0.0.a", "1", "1.0.0.1"]))
@example(("Maven", ["1.0.alpha", "1", "1-1"]))
@example(("Alpine:v3.18", ["1.01", "1.1", "1.09"]))
def test_the_order_is_transitive(drawn: tuple[str, list[str]]) -> None:
    ecosystem, some = drawn
    keys: list[Any] = [key for one in some if (key := version_key(ecosystem, one)) is not None]
    ordered = sorted(keys)
    assert all(older <= newer for older, newer in itertools.combinations(ordered, 2))


@given(versions(3))
def test_comparing_is_transitive_too(drawn: tuple[str, list[str]]) -> None:
    """`compare` breaks Packagist's ties by the text, which must not break the order."""
    ecosystem, (a, b, c) = drawn
    if compare(ecosystem, a, b) in (-1, 0) and compare(ecosystem, b, c) in (-1, 0):
        assert compare(ecosystem, a, c) in (-1, 0)


@given(versions(2))
def test_comparing_agrees_with_the_keys(drawn: tuple[str, list[str]]) -> None:
    ecosystem, (a, b) = drawn
    first, second = version_key(ecosystem, a), version_key(ecosystem, b)
    if first is not None and second is not None and first != second:
        assert compare(ecosystem, a, b) == (1 if first > second else -1)


@given(mixed(1))
def test_the_one_spelling_of_a_version_is_that_version(drawn: tuple[str, list[str]]) -> None:
    ecosystem, (version,) = drawn
    spelled = canonical_version(ecosystem, version)
    if version_key(ecosystem, version) is not None and ecosystem not in ("PyPI", "npm", "Go", "crates.io"):
        assert version_key(ecosystem, spelled) == version_key(ecosystem, version)
    assert canonical_version(ecosystem, spelled) == spelled or version_key(ecosystem, version) is None


@given(versions(2))
def test_two_versions_spelled_alike_are_equal(drawn: tuple[str, list[str]]) -> None:
    ecosystem, (a, b) = drawn
    keys = version_key(ecosystem, a), version_key(ecosystem, b)
    if None not in keys and canonical_version(ecosystem, a) == canonical_version(ecosystem, b):
        assert keys[0] == keys[1]


ONE_SPELLING = ["CRAN", "Hackage", "Maven", "NuGet", "Packagist", "RubyGems"]


@pytest.mark.parametrize("ecosystem", ONE_SPELLING)
def test_equal_versions_are_spelled_alike(ecosystem: str) -> None:
    """What the list of an advisory is looked up by. For dpkg, apk and rpm only the epoch 0 is spelled away."""

    @given(GRAMMARS[ecosystem], GRAMMARS[ecosystem])
    def are_spelled_alike(a: str, b: str) -> None:
        keys = version_key(ecosystem, a), version_key(ecosystem, b)
        if None not in keys and keys[0] == keys[1]:
            assert canonical_version(ecosystem, a) == canonical_version(ecosystem, b)

    are_spelled_alike()


@given(st.sampled_from(ordered_families()), noise, noise)
def test_any_text_gets_an_answer(family: str, a: str, b: str) -> None:
    assert compare(family, a, b) in (-1, 0, 1, None)
    assert isinstance(canonical_version(family, a), str)


LONG = [
    "1",
    "0",
    "1.",
    "0.",
    "a",
    "1a",
    "~",
    "1~",
    "-",
    "1-",
    "_",
    "_alpha",
    "1_p",
    "^",
    ":",
    "1:",
    "#",
    "1.#",
    "é",
    "1-a",
    "1.a",
    "٣",
    " ",
]


@pytest.mark.parametrize("family", ordered_families())
def test_the_longest_version_of_any_shape_is_answered(family: str) -> None:
    """A pattern that backtracks would not come back from these; so there is no clock here, only an end."""
    for piece, tail in itertools.product(LONG, ("", "!", "\n", "x")):
        text = "1" + piece * limits.MAX_VERSION_CHARS
        longest = text[: limits.MAX_VERSION_CHARS - len(tail)] + tail
        assert compare(family, longest, "1.0") in (-1, 0, 1, None)
        assert isinstance(canonical_version(family, longest), str)


@pytest.mark.parametrize("family", ordered_families())
def test_a_version_past_the_limit_is_unknown(family: str) -> None:
    most = "1" * limits.MAX_VERSION_CHARS
    assert version_key(family, most) is not None
    assert version_key(family, most + "1") is None
    assert compare(family, most + "1", most + "1") is None
    assert canonical_version(family, "1" * 5000) == "1" * 5000


@pytest.mark.parametrize(
    ("ecosystem", "family"),
    [("Debian:12", "debian"), ("Alpine:v3.18", "alpine"), ("Red Hat:a:8::b", "red hat"), ("PyPI", "pypi"), ("", "")],
)
def test_what_follows_the_colon_is_no_part_of_the_family(ecosystem: str, family: str) -> None:
    assert family_of(ecosystem) == family
