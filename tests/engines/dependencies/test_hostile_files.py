"""Files made to break readers: whatever the bytes, an inventory or a reason comes back, soon and in bounded memory."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits, reading
from watchbill.engines.dependencies.packages import Inventory, ReaderInfo, Unreadable
from watchbill.engines.dependencies.reading import kinds, read

FILES = {info.name: info.files[0] for info in kinds()}
OPENINGS = {
    "package-lock.json": b'{"lockfileVersion":3,',
    "bom.json": b'{"bomFormat":"CycloneDX","specVersion":"1.5",',
    "composer.lock": b'{"packages":[],',
    "packages.lock.json": b'{"version":1,"dependencies":{},',
    "spdx.json": b'{"spdxVersion":"SPDX-2.3",',
}
JSON = tuple(OPENINGS)
TOML = ("Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock")
YAML = ("pnpm-lock.yaml",)
XML = ("bom.xml", "pom.xml", "verification-metadata.xml")
LINES = ("requirements.txt", "go.mod", "go.sum", "yarn.lock", "Gemfile.lock", "gradle.lockfile", "sbom.spdx")
MIB = 1024 * 1024
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "lockfiles"


def answer(filename: str, data: bytes) -> Inventory | Unreadable:
    """What a reader says, which is never that it failed itself."""
    found = read(filename, data)
    assert isinstance(found, Inventory | Unreadable)
    assert not (isinstance(found, Unreadable) and found.code == "reader_failed"), found
    return found


def refusal(filename: str, data: bytes) -> Unreadable:
    found = answer(filename, data)
    assert isinstance(found, Unreadable), found
    assert found.reason
    return found


def inventory(filename: str, data: bytes) -> Inventory:
    found = answer(filename, data)
    assert isinstance(found, Inventory), found
    return found


@pytest.mark.parametrize("name", FILES.values())
class TestAnyReader:
    def test_random_bytes_get_an_answer(self, name: str) -> None:
        @settings(max_examples=60)
        @given(st.binary(max_size=400))
        def try_them(data: bytes) -> None:
            answer(name, data)

        try_them()

    def test_random_text_gets_an_answer(self, name: str) -> None:
        alphabet = st.sampled_from([*"[]{}\"'=:,.@#\\\n\r\t -_/()<>|&*!%~^0a9v", "name", "version", "package", "é", "\u202e", "\x00"])

        @settings(max_examples=60)
        @given(st.lists(alphabet, max_size=120).map("".join))
        def try_them(text: str) -> None:
            answer(name, text.encode())

        try_them()

    def test_a_file_of_the_largest_size_and_a_byte_is_refused(self, name: str) -> None:
        assert refusal(name, b" " * (limits.MAX_LOCKFILE_BYTES + 1)).code == "too_large"

    @pytest.mark.parametrize("filler", [b"\n", b"a", b'"', b"[", b"{}", b" ", b"#\n", b"\\", b"- ", b"a:\n", b"a=1\n"])
    def test_a_quarter_mebibyte_of_one_thing_gets_an_answer(self, name: str, filler: bytes) -> None:
        answer(name, filler * (MIB // 4 // len(filler)))

    def test_nul_bytes_are_refused_as_no_text(self, name: str) -> None:
        found = refusal(name, b"# \x00 hello\n")
        assert (found.code, found.where) == ("encoding", "byte 3")

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
    def test_wide_text_without_a_mark_is_refused_for_its_encoding(self, name: str, encoding: str) -> None:
        assert refusal(name, "version = 1\n".encode(encoding)).code == "encoding"

    def test_latin_1_is_refused_with_the_place(self, name: str) -> None:
        found = refusal(name, b"# Caf\xe9\n")
        assert (found.code, found.where) == ("encoding", "byte 6")

    def test_a_merge_conflict_is_refused_with_its_line(self, name: str) -> None:
        found = refusal(name, b"# first\n<<<<<<< HEAD\na==1\n=======\na==2\n>>>>>>> other\n")
        assert (found.code, found.where) == ("syntax", "line 2")

    def test_an_empty_file_names_no_package(self, name: str) -> None:
        found = answer(name, b"")
        if name in (*JSON, *XML):
            assert isinstance(found, Unreadable)
            assert found.code == "truncated"
        else:
            assert isinstance(found, Inventory)
            assert found.packages == ()

    def test_an_executable_is_refused(self, name: str) -> None:
        assert refusal(name, b"\x7fELF\x02\x01\x01" + bytes(64)).code == "encoding"


@pytest.mark.parametrize("name", [*JSON, *TOML, *YAML, *XML])
@pytest.mark.parametrize("opening", ["<a>", "[", "{", '{"a":', "a = [", "a = {b = ", "a: [", "a: {b: ", "- ", "a = [["])
def test_a_hundred_thousand_levels_get_an_answer(name: str, opening: str) -> None:
    refusal(name, opening.encode() * 100_000)


@pytest.mark.parametrize("name", JSON)
class TestJson:
    @pytest.mark.parametrize("opening", [b"[", b'{"a":'])
    def test_a_hundred_thousand_levels_are_too_deep(self, name: str, opening: bytes) -> None:
        assert refusal(name, opening * 100_000).code == "too_deep"

    def test_depth_is_allowed_up_to_its_limit(self, name: str) -> None:
        def nested(depth: int) -> bytes:
            return OPENINGS[name] + b'"x":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

        inventory(name, nested(limits.MAX_DEPTH))
        assert refusal(name, nested(limits.MAX_DEPTH + 1)).code == "too_deep"

    def test_brackets_inside_strings_are_no_depth(self, name: str) -> None:
        text = json.dumps({"x": '\\"' + "[{" * 500 + '"\\\\'})
        inventory(name, OPENINGS[name] + text.encode()[1:])

    def test_a_key_twice_is_refused_with_the_key(self, name: str) -> None:
        found = refusal(name, b'{"lockfileVersion": 3, "x": {"version": "1.0.0", "version": "9.9.9"}}')
        assert (found.code, found.where) == ("duplicate_key", "version")

    @pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
    def test_what_json_does_not_have_is_refused(self, name: str, constant: bytes) -> None:
        assert refusal(name, b'{"lockfileVersion": ' + constant + b"}").code == "syntax"

    def test_a_number_of_a_million_digits_is_refused(self, name: str) -> None:
        assert refusal(name, b'{"lockfileVersion": ' + b"9" * MIB + b"}").code == "syntax"

    @pytest.mark.parametrize("filler", [b"{},", b"[],", b"1,", b'"",'])
    def test_more_values_than_memory_should_hold_are_refused_before_they_are_built(self, name: str, filler: bytes) -> None:
        found = refusal(name, b'{"x":[' + filler * (limits.MAX_JSON_VALUES + 1) + b"0]}")
        assert found.code == "too_large"

    def test_values_are_counted_outside_strings_only(self, name: str) -> None:
        inventory(name, OPENINGS[name] + b'"x":"' + b"," * (limits.MAX_JSON_VALUES + 1) + b'"}')

    @pytest.mark.parametrize("cut", [b"{", b'{"a', b'{"a"', b'{"a":', b'{"a": 1', b'{"a": 1,', b'{"a": [', b'{"a": "b\\'])
    def test_a_file_cut_off_is_truncated_not_wrong(self, name: str, cut: bytes) -> None:
        assert refusal(name, cut).code == "truncated"

    @pytest.mark.parametrize("data", [b"[]", b'"x"', b"1", b"null", b"true"])
    def test_json_that_is_no_object_has_the_wrong_shape(self, name: str, data: bytes) -> None:
        assert refusal(name, data).code == "shape"

    def test_json_of_another_kind_is_not_taken_for_an_empty_one(self, name: str) -> None:
        assert refusal(name, b'{"hello": "world"}').code in ("shape", "unsupported")


@pytest.mark.parametrize("name", ["package-lock.json", "bom.json"])
def test_lone_surrogates_become_a_note(name: str) -> None:
    packages = {"node_modules/\ud800": {"version": "1.0.0\udfff"}, "node_modules/a": {"version": "1.0.0", "integrity": "\ud800"}}
    components = [
        {"type": "library", "name": "\ud800", "bom-ref": "\ud801"},
        {"type": "library", "name": "b", "purl": "pkg:npm/\ud800"},
    ]
    document = {"lockfileVersion": 3, "packages": packages, "bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}
    found = inventory(name, json.dumps(document).encode())
    assert {note.code for note in found.notes} == {"shape"}
    assert [package.name.encode() for package in found.packages]


@pytest.mark.parametrize("name", TOML)
class TestToml:
    def test_a_hundred_thousand_levels_are_too_deep(self, name: str) -> None:
        assert refusal(name, b"a = " + b"[" * 100_000).code == "too_deep"

    @pytest.mark.parametrize("line", ["{} = 1", "[{}]", "[[{}]]", "x = {{{} = 1}}", "x = {{b = 1, {} = 1}}"])
    def test_a_key_of_many_parts_is_too_deep(self, name: str, line: str) -> None:
        key = ".".join(["a", '"b"', "'c'"] * 3_000)
        assert refusal(name, line.format(key).encode()).code == "too_deep"

    def test_a_key_may_have_as_many_parts_as_the_limit(self, name: str) -> None:
        inventory(name, (".".join("a" * limits.MAX_KEY_PARTS) + " = 1").encode())
        assert refusal(name, (".".join("a" * (limits.MAX_KEY_PARTS + 1)) + " = 1").encode()).code == "too_deep"

    def test_a_description_full_of_dots_is_no_deep_key(self, name: str) -> None:
        inventory(name, b'description = "' + b"a." * 500 + b'"\n')

    @pytest.mark.parametrize("text", ["version = 1\nversion = 1", "[a]\n[a]", "a = {b = 1, b = 2}", "[[p]]\nname = 'a'\nname = 'b'"])
    def test_a_key_twice_is_refused(self, name: str, text: str) -> None:
        assert refusal(name, text.encode() + b"\n").code == "duplicate_key"

    def test_a_number_of_thousands_of_digits_is_refused(self, name: str) -> None:
        assert refusal(name, b"a = " + b"9" * 10_000).code == "syntax"

    def test_more_bytes_than_plain_python_should_parse_are_too_large(self, name: str) -> None:
        assert refusal(name, b"#" * (limits.MAX_TOML_BYTES + 1)).code == "too_large"

    def test_more_values_than_memory_should_hold_are_too_large(self, name: str) -> None:
        assert refusal(name, b"a = [" + b"1," * limits.MAX_TOML_VALUES + b"]").code == "too_large"

    def test_more_tables_than_memory_should_hold_are_too_large(self, name: str) -> None:
        tables = "".join(f"[a{number}.b.c.d]\n" for number in range(limits.MAX_TOML_HEADER_PARTS // 4 + 1))
        assert refusal(name, tables.encode()).code == "too_large"

    @pytest.mark.parametrize("line", ["a{}.b.c = 1\n", "a{} = {{b.c.d = 1}}\n", "a{} = [{{b = 1, c.d.e = 1}}]\n"])
    def test_more_dots_in_keys_than_memory_should_hold_are_too_large(self, name: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_TOML_KEY_DOTS", 200)
        inventory(name, "".join(line.format(number) for number in range(100)).encode())
        assert refusal(name, "".join(line.format(number) for number in range(101)).encode()).code == "too_large"

    def test_dots_of_values_are_no_dots_of_keys(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_TOML_KEY_DOTS", 0)
        inventory(name, b'a = "1.2.3"\nb = [1.5, 2024-01-01T00:00:00.5Z]\nc = { d = "e.f" }\n')

    def test_a_file_cut_off_inside_a_list_is_truncated(self, name: str) -> None:
        found = refusal(name, b'[[package]]\nname = "a"\nversion = "1"\ndependencies = [')
        assert (found.code, found.where) == ("truncated", "end of document")

    @pytest.mark.parametrize("text", ["package = 1", "package = [1]", "[package]\nname = 'a'"])
    def test_packages_of_another_shape_are_refused(self, name: str, text: str) -> None:
        assert refusal(name, text.encode()).code == "shape"

    def test_a_package_without_a_name_is_a_note_not_a_loss_of_the_rest(self, name: str) -> None:
        tail = '\nsource = "registry+https://registry.example"' if name == "Cargo.lock" else ""
        entries = ['version = "1.0.0"', 'name = "kept"\nversion = "1.0.0"', "name = 7\nversion = []"]
        found = inventory(name, "".join(f"[[package]]\n{entry}{tail}\n" for entry in entries).encode())
        assert [package.name for package in found.packages] == ["kept"]
        assert [note.code for note in found.notes] == ["shape", "shape"]


class TestYaml:
    name = "pnpm-lock.yaml"

    @pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"a: {b: "])
    def test_a_hundred_thousand_levels_are_too_deep(self, opening: bytes) -> None:
        assert refusal(self.name, opening * 100_000).code in ("too_deep", "syntax")

    def test_depth_is_allowed_up_to_its_limit(self) -> None:
        def nested(depth: int) -> bytes:
            return b"lockfileVersion: '9.0'\nx: " + b"[" * (depth - 1) + b"]" * (depth - 1)

        inventory(self.name, nested(limits.MAX_DEPTH))
        assert refusal(self.name, nested(limits.MAX_DEPTH + 1)).code == "too_deep"

    def test_an_alias_bomb_is_refused_at_its_first_alias(self) -> None:
        lines = ["a0: &a0 [lol, lol, lol, lol]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
        found = refusal(self.name, "\n".join(lines).encode())
        assert (found.code, found.where) == ("unsupported", "line 2, column 10")

    def test_a_key_twice_is_refused_with_its_line(self) -> None:
        found = refusal(self.name, b"lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n  a@1.0.0: {}\n")
        assert (found.code, found.where) == ("duplicate_key", "line 4, column 3")

    def test_a_merge_key_is_no_key_of_ours(self) -> None:
        assert refusal(self.name, b"lockfileVersion: '9.0'\npackages:\n  <<: {a: b}\n").code == "shape"

    def test_a_tag_constructs_nothing(self) -> None:
        assert refusal(self.name, b"!!python/object/apply:os.system ['true']\n").code == "shape"

    def test_a_key_that_is_a_list_is_refused(self) -> None:
        assert refusal(self.name, b"? [a, b]\n: c\n").code == "shape"

    def test_a_version_that_looks_like_a_number_stays_as_written(self) -> None:
        found = inventory(self.name, b"lockfileVersion: 5.4\npackages:\n  /a/1.10.0:\n    version: 1.10.0\n    dev: false\n")
        assert [package.version for package in found.packages] == ["1.10.0"]

    def test_more_values_than_memory_should_hold_are_too_large(self) -> None:
        assert refusal(self.name, b"a: [" + b"1," * limits.MAX_YAML_VALUES + b"]").code == "too_large"

    def test_more_bytes_than_are_parsed_are_too_large(self) -> None:
        assert refusal(self.name, b"#" * (limits.MAX_YAML_BYTES + 1)).code == "too_large"

    def test_control_characters_are_refused(self) -> None:
        assert refusal(self.name, b"a: \x07\n").code == "syntax"

    def test_a_file_cut_off_inside_quotes_is_truncated(self) -> None:
        assert refusal(self.name, b"lockfileVersion: '9.0\n").code == "truncated"


@pytest.mark.parametrize("name", LINES)
class TestLines:
    def test_more_lines_than_the_limit_are_too_large(self, name: str) -> None:
        assert refusal(name, b"\n" * (limits.MAX_LINES + 1)).code == "too_large"

    def test_a_line_of_megabytes_is_too_large(self, name: str) -> None:
        found = refusal(name, b"\n" + b"a" * (limits.MAX_LINE_CHARS + 1))
        assert (found.code, found.where) == ("too_large", "line 2")


PACKAGES: dict[str, Callable[[int], bytes]] = {
    "requirements.txt": lambda n: b"".join(b"a%d==1\n" % i for i in range(n)),
    "go.sum": lambda n: b"".join(b"e.x/a%d v1.0.0 h1:a=\n" % i for i in range(n)),
    "yarn.lock": lambda n: b"".join(b'a%d@1:\n  version "1"\n' % i for i in range(n)),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_are_taken_up_to_their_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PACKAGES", 1_000)
    assert len(inventory(name, PACKAGES[name](1_000)).packages) == 1_000
    assert refusal(name, PACKAGES[name](1_001)).code == "too_large"


@pytest.mark.parametrize(
    "text", ['# yarn lockfile v1\n\n{}:\n  version "1"\n', '__metadata:\n  version: 8\n\n"{}":\n  version: 1\n  resolution: a@npm:1\n']
)
def test_words_in_a_yarn_lock_are_taken_up_to_their_limit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = text.count("metadata")  # the file's own entry counts as one
    monkeypatch.setattr(limits, "MAX_SPECIFIERS", 100)
    assert len(inventory("yarn.lock", text.format(", ".join(["a@1"] * (100 - own))).encode()).packages) == 1
    assert refusal("yarn.lock", text.format(", ".join(["a@1"] * (101 - own))).encode()).code == "too_large"


def test_a_tag_of_a_million_attributes_is_refused_before_it_is_built() -> None:
    tag = b"<bom " + b"".join(b"a%d='v' " % number for number in range(150_000)) + b"/>"
    found = refusal("bom.xml", b"<!-- a -->\n" + tag)
    assert (found.code, found.where) == ("too_large", "line 2")


def test_notes_are_listed_up_to_their_limit_and_counted_past_it() -> None:
    found = inventory("requirements.txt", b"!\n" * (limits.MAX_NOTES + 7))
    assert len(found.notes) == limits.MAX_NOTES + 1
    assert found.notes[-1].reason.startswith("7 more")


@pytest.mark.parametrize("name", ["\u202ea", "a\x1b[31m", "a\nb", "a" * (limits.MAX_NAME_CHARS + 1), " a", "\x85"])
def test_a_name_that_no_registry_has_is_a_note(name: str) -> None:
    document = {"lockfileVersion": 1, "dependencies": {name: {"version": "1.0.0"}, "kept": {"version": "1.0.0"}}}
    found = inventory("package-lock.json", json.dumps(document).encode())
    assert [package.name for package in found.packages] == ["kept"]
    assert [note.code for note in found.notes] == ["shape"]
    assert all(note.where.isprintable() for note in found.notes)


def test_a_version_with_a_terminal_escape_is_a_note() -> None:
    document = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0\x1b[2J"}}}
    found = inventory("package-lock.json", json.dumps(document).encode())
    assert found.packages == ()
    assert len(found.notes) == 1


def texts_of(found: Inventory | Unreadable) -> list[str]:
    if isinstance(found, Unreadable):
        return [found.reason, found.where]
    notes = [text for note in found.notes for text in (note.reason, note.where)]
    return notes + [t for p in found.packages for t in (p.name, p.version, p.bound, p.place, p.purl, p.integrity, *p.groups)]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@given(st.data())
def test_a_lockfile_with_any_value_anywhere_gets_an_answer_that_is_safe_to_print(data: st.DataObject) -> None:
    wild = data.draw(json_values)
    entry = data.draw(
        st.dictionaries(st.sampled_from(["version", "name", "link", "dev", "resolved", "integrity", "dependencies"]), json_values)
    )
    document = data.draw(
        st.sampled_from(
            [
                {"lockfileVersion": 3, "packages": {"": wild, "node_modules/a": entry, "node_modules/b": wild}},
                {"lockfileVersion": 1, "dependencies": {"a": entry, "b": wild}},
                {"lockfileVersion": 2, "packages": wild},
            ]
        )
    )
    found = answer("package-lock.json", json.dumps(document, allow_nan=False, default=str).encode()) if is_finite(document) else None
    assert found is None or all(text.isprintable() for text in texts_of(found))


@given(st.data())
def test_a_bill_with_any_value_anywhere_gets_an_answer_that_is_safe_to_print(data: st.DataObject) -> None:
    keys = st.sampled_from(["type", "name", "group", "version", "purl", "bom-ref", "scope", "hashes", "components"])
    component = {"type": "library", **data.draw(st.dictionaries(keys, json_values))}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": data.draw(json_values),
        "components": [component, data.draw(json_values)],
        "dependencies": data.draw(st.lists(json_values, max_size=2)),
    }
    found = answer("bom.json", json.dumps(document).encode()) if is_finite(document) else None
    assert found is None or all(text.isprintable() for text in texts_of(found))


def is_finite(document: Any) -> bool:
    try:
        json.dumps(document, allow_nan=False)
    except ValueError:
        return False
    return True


@given(st.data())
def test_a_sample_with_one_stretch_of_bytes_changed_gets_an_answer_that_is_safe_to_print(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(FILES)))
    whole = (SAMPLES / kind / FILES[kind]).read_bytes() if (SAMPLES / kind / FILES[kind]).exists() else b""
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 30)))
    changed = whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:]
    assert all(text.isprintable() for text in texts_of(answer(FILES[kind], changed)))


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_file_name_gets_an_answer(filename: str, data: bytes) -> None:
    answer(filename, data)


def test_a_reader_that_fails_itself_counts_as_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        INFO = ReaderInfo(name="broken", title="", files=("broken.lock",), patterns=(), ecosystems=())

        def sniff(self, head: bytes) -> bool:
            return False

        def read(self, filename: str, data: bytes, beside: object) -> Inventory:
            raise struct.error("surprise")

    monkeypatch.setattr(reading, "_readers", lambda: (Broken(),))
    found = read("broken.lock", b"")
    assert isinstance(found, Unreadable)
    assert found.code == "reader_failed"
