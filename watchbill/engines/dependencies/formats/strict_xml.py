"""XML documents, parsed strictly and as a stream: no document type, so no entities and nothing external; bounded in every direction.

What a reader has no use for is never built: it names the elements to leave out, and those of another namespace than the root's always
are. UTF-8, UTF-16 with its mark, ASCII and ISO 8859-1 are read. It knows no file format. Source: XML 1.0, fifth edition; Namespaces 1.0.
"""

import codecs
import re
from collections.abc import Iterator
from xml.parsers import expat

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import check_size, text_of
from watchbill.engines.dependencies.packages import RefusedError, shortened

_DECLARED = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_LONG_TAG = re.compile(rb"<[^<]{%d}" % (limits.MAX_XML_TEXT_CHARS + limits.MAX_LINE_CHARS))
_SPACES = re.compile(rb"[ \t\r\n]*")
_UTF_8 = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))
_LATIN_1 = frozenset(("iso-8859-1", "latin1", "latin-1"))
_ERRORS = expat.errors
_CUT_OFF = frozenset(
    _ERRORS.codes[text]
    for text in (
        _ERRORS.XML_ERROR_NO_ELEMENTS,
        _ERRORS.XML_ERROR_UNCLOSED_TOKEN,
        _ERRORS.XML_ERROR_UNCLOSED_CDATA_SECTION,
        _ERRORS.XML_ERROR_PARTIAL_CHAR,
    )
)
_TWICE = _ERRORS.codes[_ERRORS.XML_ERROR_DUPLICATE_ATTRIBUTE]
_SEPARATOR = " "


class Element:
    """One element: its name without namespace, attributes without one, the text that stands in it directly, stripped; its line from 1."""

    __slots__ = ("attributes", "children", "line", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""
        self.line = line

    def all(self, *names: str) -> Iterator["Element"]:
        """The elements at the end of a path of names, in their order: all("components", "component")."""
        if not names:
            yield self
            return
        for child in self.children:
            if child.name == names[0]:
                yield from child.all(*names[1:])

    def first(self, *names: str) -> "Element | None":
        """The first element at the end of a path of names."""
        return next(self.all(*names), None)

    def text_at(self, *names: str) -> str:
        """The text of the first element at the end of a path; empty without one."""
        found = self.first(*names)
        return found.text if found else ""


def xml_root(data: bytes, leave_out: frozenset[str] = frozenset()) -> tuple[str, Element]:
    """(namespace, root element) of a document, without the elements named in `leave_out` and all inside them.

    Raises RefusedError: truncated, too_large, too_deep, encoding, duplicate_key (an attribute twice), syntax, or unsupported for a
    document type.
    """
    plain = _as_utf_8(data)
    _check_prolog(plain)
    if found := _LONG_TAG.search(plain):  # expat builds all attributes of a tag before it tells of the first
        line = plain.count(b"\n", 0, found.start()) + 1
        raise RefusedError("too_large", "a tag, or the text behind it, is too long", f"line {line}")
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    building = _Building(parser, leave_out)
    parser.buffer_text = True
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.characters
    try:
        parser.Parse(plain, True)
    except expat.ExpatError as error:
        raise _refusal(error) from None
    if building.root is None:
        raise RefusedError("truncated", "the file holds no element")
    return building.namespace, building.root


def begins_like(head: bytes, *words: str) -> bool:
    """Whether bytes that begin so are XML, in an encoding read here, and hold all the words."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head[: len(head) // 2 * 2].decode("utf-16", "ignore") if wide else head.decode("latin-1")
    return text.lstrip().startswith("<") and all(word in text for word in words)


class _Building:
    """What expat's calls add up to."""

    def __init__(self, parser: expat.XMLParserType, leave_out: frozenset[str]) -> None:
        self.parser = parser
        self.leave_out = leave_out
        self.root: Element | None = None
        self.namespace = ""
        self.elements = 0
        self.kept = 0
        self.depth = 0
        self.skipping = 0
        self.open: list[Element] = []
        self.texts: list[list[str]] = []
        self.lengths: list[int] = []

    def start(self, qualified: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > limits.MAX_DEPTH:
            raise RefusedError("too_deep", f"the file nests deeper than {limits.MAX_DEPTH} levels", self._where())
        if self.elements > limits.MAX_XML_ELEMENTS:
            raise RefusedError("too_large", f"the file holds more than {limits.MAX_XML_ELEMENTS:,} elements", self._where())
        namespace, _, name = qualified.rpartition(_SEPARATOR)
        if self.root is None:
            self.namespace = namespace
        if self.skipping or name in self.leave_out or namespace != self.namespace:
            self.skipping += 1
            return
        self._keep(name, attributes)

    def _keep(self, name: str, attributes: dict[str, str]) -> None:
        self.kept += 1 + len(attributes) // 2
        if self.kept > limits.MAX_XML_KEPT:
            raise RefusedError("too_large", f"the file holds more than {limits.MAX_XML_KEPT:,} elements of interest", self._where())
        if len(attributes) > limits.MAX_XML_ATTRIBUTES or any(len(value) > limits.MAX_LINE_CHARS for value in attributes.values()):
            raise RefusedError("too_large", "an element has too many or too long attributes", self._where())
        mine = {key: value for key, value in attributes.items() if _SEPARATOR not in key}
        element = Element(name, mine, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])
        self.lengths.append(0)

    def end(self, qualified: str) -> None:
        del qualified
        self.depth -= 1
        if self.skipping:
            self.skipping -= 1
            return
        self.open.pop().text = "".join(self.texts.pop()).strip()
        self.lengths.pop()

    def characters(self, text: str) -> None:
        if self.skipping:
            return
        self.texts[-1].append(text)
        self.lengths[-1] += len(text)
        if self.lengths[-1] > limits.MAX_XML_TEXT_CHARS:
            raise RefusedError("too_large", f"a text is longer than {limits.MAX_XML_TEXT_CHARS:,} characters", self._where())

    def _where(self) -> str:
        return f"line {self.parser.CurrentLineNumber}"


def _as_utf_8(data: bytes) -> bytes:
    """The document in UTF-8 without a mark, whatever it was written in."""
    check_size(data, limits.MAX_XML_BYTES)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(codecs.BOM_UTF32_LE)
    if wide:
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise RefusedError("encoding", "the file begins as UTF-16, but isn't", "its first bytes") from None
    found = None if wide else _DECLARED.match(data[:200].decode("latin-1").lstrip("\xef\xbb\xbf"))
    declared = found[1].lower() if found else "utf-8"
    if declared in _LATIN_1:
        data = data.decode("latin-1").encode()
    elif declared not in _UTF_8:
        raise RefusedError("encoding", f"the file says that it is {shortened(declared, 40)}, which is not read here", "its first line")
    text = text_of(data)
    if not text or text.isspace():
        raise RefusedError("truncated", "the file is empty")
    return data.removeprefix(codecs.BOM_UTF8)


def _check_prolog(data: bytes) -> None:
    """Refuse what could declare entities before the parser sees it: only comments and instructions may stand before the root."""
    at = 0
    while True:
        spaces = _SPACES.match(data, at)
        at = spaces.end() if spaces else at
        if data.startswith(b"<!--", at):
            at = data.find(b"-->", at + 4) + 3
        elif data.startswith(b"<?", at):
            at = data.find(b"?>", at + 2) + 2
        elif data.startswith(b"<!", at):
            line = data.count(b"\n", 0, at) + 1
            code = "truncated" if len(data) - at < 9 else "unsupported"
            raise RefusedError(code, "the file declares a document type, which could pull in anything", f"line {line}")
        else:
            return
        if at < 4:
            raise RefusedError("truncated", "the file ends in the middle of a comment or instruction")


def _refusal(error: expat.ExpatError) -> RefusedError:
    where = f"line {error.lineno}, column {error.offset + 1}"
    if error.code in _CUT_OFF:
        return RefusedError("truncated", "the file ends in the middle", where)
    if error.code == _TWICE:
        return RefusedError("duplicate_key", "an element has an attribute twice, so that two readers could see two files", where)
    return RefusedError("syntax", f"the file is not valid XML: {expat.ErrorString(error.code)}", where)
