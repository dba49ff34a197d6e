"""XML by itself: what the strict reader gives, what it refuses, and that it agrees with the parser everybody uses."""

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.strict_xml import Element, xml_root
from watchbill.engines.dependencies.packages import RefusedError

printable = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cc", "Cs"]), max_size=12)
names = st.sampled_from(["a", "b", "component", "x-y", "é"])
trees: st.SearchStrategy[str] = st.recursive(
    st.builds(lambda name, text: f"<{name}>{escape(text)}</{name}>", names, printable),
    lambda inner: st.builds(
        lambda name, value, parts: f"<{name} k={quoteattr(value)}>{''.join(parts)}</{name}>", names, printable, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(RefusedError) as refused:
        xml_root(data)
    return refused.value.unreadable.code, refused.value.unreadable.where


def given_or_refused(data: bytes) -> Element | str:
    """The root, or the code for which it is refused."""
    try:
        return xml_root(data)[1]
    except RefusedError as refused:
        return refused.unreadable.code


def plain(element: Element) -> object:
    return element.name, element.attributes, element.text, [plain(child) for child in element.children]


def plain_tree(element: ET.Element) -> object:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return element.tag, element.attrib, text.strip(), [plain_tree(child) for child in element]


@given(trees)
def test_it_agrees_with_the_usual_parser(text: str) -> None:
    assert plain(xml_root(text.encode())[1]) == plain_tree(ET.fromstring(text))


@given(st.text(alphabet="<>/&;!?[]-='\"ab #x1", max_size=40))
def test_what_the_usual_parser_refuses_is_refused(text: str) -> None:
    try:
        expected = ET.fromstring(text)
    except ET.ParseError:
        with pytest.raises(RefusedError):
            xml_root(text.encode())
        return
    found = given_or_refused(text.encode())
    assert found == "unsupported" if isinstance(found, str) else plain(found) == plain_tree(expected)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_document_or_refused(data: bytes) -> None:
    assert given_or_refused(data)


@given(trees)
def test_utf_16_reads_as_utf_8_does(text: str) -> None:
    assert plain(xml_root(text.encode("utf-16"))[1]) == plain(xml_root(text.encode())[1])


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_both_orders_of_utf_16_are_read_whatever_the_declaration_says(mark: bytes) -> None:
    codec = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    text = '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'
    assert xml_root(mark + text.encode(codec))[1].text == "é"


def test_latin_1_is_read_where_it_is_declared() -> None:
    assert xml_root('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"))[1].text == "é"


@pytest.mark.parametrize("declared", ["utf-7", "ebcdic-cp-us", "UTF-16", "windows-1252", "shift_jis"])
def test_another_encoding_is_refused_by_name(declared: str) -> None:
    assert refusal(f'<?xml version="1.0" encoding="{declared}"?><a/>'.encode())[0] == "encoding"


@pytest.mark.parametrize("data", ["<a>é</a>".encode("latin-1"), "<a/>".encode("utf-16-le"), "<a/>".encode("utf-32"), b"\xff\xfe<\x00\x00"])
def test_bytes_that_are_not_what_they_should_be_are_refused(data: bytes) -> None:
    assert refusal(data)[0] == "encoding"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://registry.example/x.dtd"> %x;]><a/>',
        "<!DOCTYPE a><a/>",
        "<!-- hello --><?pi?>\n<!DOCTYPE a><a/>",
        '<?xml version="1.0"?><!DOCTYPE a []><a/>',
        '<!ENTITY x "y"><a/>',
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_is_looked_at(text: str) -> None:
    assert refusal(text.encode())[0] == "unsupported"


def test_ten_million_laughs_are_refused_at_the_door() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    assert refusal(f'<!DOCTYPE l [<!ENTITY l0 "lol">{entities}]><l>&l11;</l>'.encode())[0] == "unsupported"


def test_a_document_type_in_utf_16_is_refused_as_well() -> None:
    assert refusal("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode("utf-16"))[0] == "unsupported"


def test_a_document_type_after_the_beginning_is_wrong() -> None:
    assert refusal(b"<a><!DOCTYPE a></a>")[0] == "syntax"


def test_a_document_type_inside_a_comment_or_text_is_neither() -> None:
    assert xml_root(b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>")[1].text == "<!DOCTYPE a>"


@pytest.mark.parametrize("text", ["<a>&x;</a>", "<a b='&x;'/>", "<a></b>", "<a/><b/>", "a", "<a b=c/>", "<p:a/>", "<a>&#0;</a>"])
def test_what_is_not_well_formed_is_refused_with_its_place(text: str) -> None:
    code, where = refusal(text.encode())
    assert code == "syntax"
    assert where.startswith("line 1, column ")


@pytest.mark.parametrize(
    "text", ["", " \n", "<", "<a", "<a>", "<a><b>", "<a>x", "<a b='", "<!-- ", "<?xml", "<!", "<!DOC", "<a><![CDATA[x", "<!-- -->"]
)
def test_what_is_cut_off_is_truncated(text: str) -> None:
    assert refusal(text.encode())[0] == "truncated"


def test_an_attribute_twice_is_refused() -> None:
    assert refusal(b"<a b='1' b='2'/>")[0] == "duplicate_key"


def test_depth_is_allowed_up_to_its_limit() -> None:
    def nested(depth: int) -> bytes:
        return b"<a>" * depth + b"</a>" * depth

    xml_root(nested(limits.MAX_DEPTH))
    assert refusal(nested(limits.MAX_DEPTH + 1)) == ("too_deep", "line 1")


def test_elements_are_counted_up_to_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_XML_ELEMENTS", 10)
    xml_root(b"<a>" + b"<b/>" * 9 + b"</a>")
    assert refusal(b"<a>\n" + b"<b/>" * 10 + b"</a>") == ("too_large", "line 2")


def test_elements_that_are_left_out_count_only_towards_the_larger_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_XML_KEPT", 3)
    _, root = xml_root(b"<a>" + b"<b/>" * 9 + b"<c/><c/></a>", frozenset(("b",)))
    assert len(root.children) == 2
    assert refusal(b"<a><b/><b/><b/></a>")[0] == "too_large"


def test_attributes_are_allowed_up_to_their_limit() -> None:
    def with_attributes(number: int) -> bytes:
        return ("<a " + " ".join(f'k{n}=""' for n in range(number)) + "/>").encode()

    xml_root(with_attributes(limits.MAX_XML_ATTRIBUTES))
    assert refusal(with_attributes(limits.MAX_XML_ATTRIBUTES + 1))[0] == "too_large"


def test_an_attribute_may_be_as_long_as_the_limit() -> None:
    xml_root(b'<a k="' + b"v" * limits.MAX_LINE_CHARS + b'"/>')
    assert refusal(b'<a k="' + b"v" * (limits.MAX_LINE_CHARS + 1) + b'"/>')[0] == "too_large"


def test_text_is_allowed_up_to_its_limit_however_it_is_cut_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_XML_TEXT_CHARS", 10)
    xml_root(b"<a>12345<b>12345</b>67890</a>")
    assert refusal(b"<a>12345<b/>67890<c/>1</a>")[0] == "too_large"


def test_bytes_are_allowed_up_to_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_XML_BYTES", 10)
    xml_root(b"<a>123</a>")
    assert refusal(b"<a>1234</a>")[0] == "too_large"


def test_a_megabyte_of_one_unfinished_thing_is_refused_soon() -> None:
    for opening in (b"<a b='", b"<!--", b"<a><![CDATA[", b"<a><?x ", b"<" + b"a"):
        assert refusal(opening + b"x" * 1_000_000)[0] == "truncated"


def test_the_namespace_is_that_of_the_root_and_foreign_elements_are_left_out() -> None:
    namespace, root = xml_root(b'<a xmlns="urn:x" xmlns:y="urn:y"><b>1</b><y:b>2<b>3</b></y:b><c y:k="1" k="2"/></a>')
    assert namespace == "urn:x"
    assert [(child.name, child.text, child.attributes) for child in root.children] == [("b", "1", {}), ("c", "", {"k": "2"})]


def test_a_prefix_for_the_root_s_namespace_makes_no_difference() -> None:
    _, root = xml_root(b'<p:a xmlns:p="urn:x"><p:b>1</p:b></p:a>')
    assert root.text_at("b") == "1"


def test_elements_are_found_by_their_path_and_know_their_line() -> None:
    _, root = xml_root(b"<a>\n<b><c>1</c></b>\n<b><c>2</c><c>3</c></b>\n</a>")
    assert [found.text for found in root.all("b", "c")] == ["1", "2", "3"]
    assert [found.line for found in root.all("b")] == [2, 3]
    assert (root.text_at("b", "c"), root.text_at("b", "x"), root.first("x")) == ("1", "", None)


def test_a_merge_conflict_is_told_with_its_line() -> None:
    assert refusal(b"<a>\n<<<<<<< HEAD\n</a>\n") == ("syntax", "line 2")
