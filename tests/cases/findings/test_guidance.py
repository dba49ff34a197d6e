"""The first things to do, in words."""

import pytest

from watchbill.cases.findings.guidance import comes_in, first_things, runs

NPM = ("npm install --save-exact ws@8.17.1", "npm ls ws  # expect 8.17.1 once")


def test_what_to_raise_from_what_to_what_in_which_file_comes_first() -> None:
    assert first_things("ws", "8.16.0", "8.17.1", "package-lock.json", "saltmarsh/board", NPM)[0] == (
        "Raise ws from 8.16.0 to 8.17.1 in `package-lock.json` of saltmarsh/board."
    )


def test_commands_stand_between_backticks_and_say_what_shows() -> None:
    assert first_things("ws", "8.16.0", "8.17.1", "package-lock.json", "", NPM)[1:] == (
        "Run `npm install --save-exact ws@8.17.1`.",
        "`npm ls ws` then shows 8.17.1 once.",
        "Press \u201cI fixed it\u201d, or send a new scan.",
    )


def test_a_remark_behind_a_command_is_told_in_words() -> None:
    pip = ("python -m pip install pillow==10.2.0  # and write the same in the requirements file", "python -m pip show pillow")
    assert first_things("pillow", "10.0.0", "10.2.0", "requirements.txt", "", pip)[1:3] == (
        "Run `python -m pip install pillow==10.2.0`, and write the same in the requirements file.",
        "`python -m pip show pillow` then shows 10.2.0.",
    )


def test_without_a_fixed_version_it_says_what_helps_meanwhile() -> None:
    assert first_things("ws", "8.16.0", "", "package-lock.json", "saltmarsh/board", ()) == (
        "Reduce who can reach it: there is no fixed version of ws 8.16.0 in `package-lock.json` of saltmarsh/board yet.",
    )


def test_a_fixed_version_without_a_command_is_named_all_the_same() -> None:
    told = first_things("ws", "8.16.0", "8.17.1", "board.cdx.json", "", ())
    assert told == ("Raise ws from 8.16.0 to 8.17.1 in `board.cdx.json`.", "Press \u201cI fixed it\u201d, or send a new scan.")


def test_what_is_not_pinned_is_raised_from_nothing() -> None:
    assert first_things("ws", "", "8.17.1", "", "", ())[0] == "Raise ws to 8.17.1 in its place."


def test_a_hash_inside_quotes_belongs_to_the_command() -> None:
    assert runs(("npm install 'a  # b@1'", "npm ls x")) == ("Run `npm install 'a  # b@1'`.",)


@pytest.mark.parametrize("commands", [(), NPM, NPM[:1]])
def test_every_line_is_a_sentence(commands: tuple[str, ...]) -> None:
    for line in first_things("ws", "8.16.0", "8.17.1", "package-lock.json", "", commands):
        assert line.endswith(".")


WAY = ("express@4.18.2", "body-parser@1.20.1")


def test_how_it_comes_in_and_what_to_bump_stands_after_what_to_raise() -> None:
    told = first_things("ws", "8.16.0", "8.17.1", "package-lock.json", "", NPM, WAY)
    assert told[1] == "It comes in through express 4.18.2 \u2192 body-parser 1.20.1; bump express."
    assert told[2:] == first_things("ws", "8.16.0", "8.17.1", "package-lock.json", "", NPM)[1:]


def test_without_a_fixed_version_how_it_comes_in_is_told_all_the_same() -> None:
    assert first_things("ws", "8.16.0", "", "package-lock.json", "", (), WAY)[1:] == (comes_in(WAY),)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ((), ""),
        (("@scope/kit@2.0.0",), "It comes in through @scope/kit 2.0.0; bump @scope/kit."),
        (("@scope/kit",), "It comes in through @scope/kit; bump @scope/kit."),
        (("a@1", "\u2026", "z@9"), "It comes in through a 1 \u2192 \u2026 \u2192 z 9; bump a."),
        (("plain",), "It comes in through plain; bump plain."),
    ],
)
def test_each_step_is_named_with_its_version(path: tuple[str, ...], told: str) -> None:
    assert comes_in(path) == told
