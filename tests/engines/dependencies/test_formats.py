"""The notations by themselves: what they give, what they refuse, and that they agree with the parsers everybody uses."""

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.formats.strict_json import json_object
from watchbill.engines.dependencies.formats.strict_toml import tables, toml_table
from watchbill.engines.dependencies.formats.strict_yaml import yaml_documents
from watchbill.engines.dependencies.formats.values import list_at, mapping_at, mappings_at, text_at
from watchbill.engines.dependencies.packages import RefusedError

values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text(max_size=12)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=15,
)
texts: st.SearchStrategy[Any] = st.recursive(
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), min_size=1, max_size=8),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(alphabet="abcdef@/.-", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=15,
)


def given_or_refused(parse: Callable[[bytes], Any], data: bytes) -> Any:
    """What a parser gives, or the reason for which it refuses."""
    try:
        return parse(data)
    except RefusedError as refused:
        return refused.unreadable


def code_of(error: pytest.ExceptionInfo[RefusedError]) -> str:
    return error.value.unreadable.code


class TestLines:
    @given(st.lists(st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=10), max_size=10))
    def test_lines_come_back_numbered_from_one(self, lines: list[str]) -> None:
        text = "".join(line + "\n" for line in lines)
        assert list(lines_of(text)) == list(enumerate(lines, start=1))

    @given(st.lists(st.text(alphabet="ab ", max_size=5), max_size=8))
    def test_windows_line_ends_make_no_difference(self, lines: list[str]) -> None:
        assert list(lines_of("\r\n".join(lines))) == list(lines_of("\n".join(lines)))

    def test_a_last_line_without_end_is_a_line(self) -> None:
        assert list(lines_of("a\nb")) == [(1, "a"), (2, "b")]

    def test_other_characters_that_could_end_a_line_do_not(self) -> None:
        assert list(lines_of("a\x0cb\u2028c\x85d\x1ce")) == [(1, "a\x0cb\u2028c\x85d\x1ce")]

    def test_a_line_at_the_limit_is_read_and_one_past_it_is_not(self) -> None:
        assert len(next(lines_of("a" * limits.MAX_LINE_CHARS))[1]) == limits.MAX_LINE_CHARS
        with pytest.raises(RefusedError) as refused:
            list(lines_of("a" * (limits.MAX_LINE_CHARS + 1)))
        assert code_of(refused) == "too_large"


class TestText:
    def test_a_byte_order_mark_is_left_out(self) -> None:
        assert text_of(b"\xef\xbb\xbfa") == "a"

    def test_equals_signs_alone_are_no_merge_conflict(self) -> None:
        assert text_of(b"title\n=======\n") == "title\n=======\n"

    def test_bytes_at_the_limit_are_read_and_one_past_it_is_not(self) -> None:
        assert text_of(b"aaa", most=3) == "aaa"
        with pytest.raises(RefusedError) as refused:
            text_of(b"aaaa", most=3)
        assert code_of(refused) == "too_large"

    @given(st.binary(max_size=30))
    def test_any_bytes_are_text_or_refused(self, data: bytes) -> None:
        found = given_or_refused(text_of, data)
        assert isinstance(found, str) or found.code in ("encoding", "syntax")


class TestJson:
    @given(st.dictionaries(st.text(max_size=6), values, max_size=5))
    def test_it_agrees_with_the_standard_library(self, document: dict[str, Any]) -> None:
        assert json_object(json.dumps(document).encode()) == document

    @given(st.dictionaries(st.text(max_size=6), values, max_size=5))
    def test_it_agrees_on_text_that_is_not_escaped(self, document: dict[str, Any]) -> None:
        try:
            data = json.dumps(document, ensure_ascii=False, indent=1).encode()
        except UnicodeEncodeError:
            assume(False)
            return
        assert json_object(data.replace(b"\x00", b"")) == json.loads(data.replace(b"\x00", b""))

    @given(st.text(max_size=30))
    def test_a_string_of_any_characters_is_neither_deep_nor_many(self, text: str) -> None:
        hostile = text + '\\"[{,' * 60
        assert json_object(json.dumps({"a": hostile}).encode()) == {"a": hostile}

    @given(st.text(alphabet='[]{},:"\\ a1', max_size=30))
    def test_what_the_standard_library_refuses_is_refused(self, text: str) -> None:
        try:
            expected = json.loads(text)
        except ValueError:
            with pytest.raises(RefusedError):
                json_object(text.encode())
            return
        if isinstance(expected, dict):
            found = given_or_refused(json_object, text.encode())
            assert found == expected or found.code == "duplicate_key"

    @pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '{"x": [{"a": {}, "a": []}]}', '{"a": 1, "\\u0061": 2}'])
    def test_a_key_twice_is_refused_however_it_is_spelled(self, text: str) -> None:
        with pytest.raises(RefusedError) as refused:
            json_object(text.encode())
        assert refused.value.unreadable.where == "a"


class TestToml:
    @given(st.text(alphabet="[]{}=,.\"'#\n ab1", max_size=40))
    def test_it_agrees_with_the_standard_library(self, text: str) -> None:
        try:
            expected = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            with pytest.raises(RefusedError):
                toml_table(text.encode())
            return
        assert toml_table(text.encode()) == expected

    def test_no_array_of_tables_is_an_empty_one(self) -> None:
        assert tables({}, "package") == []

    @pytest.mark.parametrize("found", [1, "x", {}, [1], [{}, 1]])
    def test_something_else_than_tables_is_refused(self, found: Any) -> None:
        with pytest.raises(RefusedError) as refused:
            tables({"package": found}, "package")
        assert code_of(refused) == "shape"


class TestYaml:
    @given(texts)
    def test_it_agrees_with_the_usual_loader_on_quoted_text(self, document: Any) -> None:
        data = yaml.safe_dump(document, default_style='"', allow_unicode=True)
        assert yaml_documents(data.encode()) == [document]

    @pytest.mark.parametrize("text", ["1.10", "true", "0x10", "2024-01-01", "1_000", "012", "1e3", "yes"])
    def test_plain_values_stay_as_written(self, text: str) -> None:
        assert yaml_documents(f"a: {text}".encode()) == [{"a": text}]

    @pytest.mark.parametrize("text", ["a:", "a: ~", "a: null"])
    def test_nothing_is_none(self, text: str) -> None:
        assert yaml_documents(text.encode()) == [{"a": None}]

    @pytest.mark.parametrize("text", ["a: ''", 'a: ""'])
    def test_empty_quotes_are_empty_text(self, text: str) -> None:
        assert yaml_documents(text.encode()) == [{"a": ""}]

    def test_a_quoted_null_is_text(self) -> None:
        assert yaml_documents(b"'null': 'null'") == [{"null": "null"}]

    def test_no_document_is_none_at_all(self) -> None:
        assert yaml_documents(b"# nothing\n") == []

    @given(st.text(alphabet="[]{}:,-#&*!|>'\"%@? \nab1", max_size=40))
    def test_any_text_is_documents_or_refused(self, text: str) -> None:
        found = given_or_refused(yaml_documents, text.encode())
        assert isinstance(found, list) or found.reason


class TestValues:
    holder = {"text": "a", "map": {"b": 1}, "list": [{"c": 1}, 2], "number": 3, "none": None}

    def test_what_is_of_the_asked_kind_is_given(self) -> None:
        assert (text_at(self.holder, "text"), mapping_at(self.holder, "map"), list_at(self.holder, "list")) == (
            "a",
            {"b": 1},
            [{"c": 1}, 2],
        )

    @pytest.mark.parametrize("key", ["number", "none", "missing"])
    def test_what_is_not_is_empty(self, key: str) -> None:
        assert (text_at(self.holder, key), mapping_at(self.holder, key), list_at(self.holder, key)) == ("", {}, [])

    def test_items_that_are_no_mappings_are_left_out(self) -> None:
        assert mappings_at(self.holder, "list") == [{"c": 1}]
