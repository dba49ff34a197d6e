"""TOML documents within limits: size, number of values, parts of a key. It knows no file format.

`tomllib` is plain Python, takes time with the square of a dotted key's parts and refuses a key twice by itself.
"""

import re
import tomllib
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import text_of
from watchbill.engines.dependencies.packages import RefusedError, shortened

_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_HEADER = re.compile(r"^[ \t]*+\[[^\n]*+", re.MULTILINE)
_BEFORE_EQUALS = re.compile(r"(?:^|[,{\[])[^=,{\[\n]*+=", re.MULTILINE)
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*+(?:{_KEY_PART}){{{limits.MAX_KEY_PARTS}}}", re.MULTILINE)
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate")
_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)$")


def toml_table(data: bytes) -> dict[str, Any]:
    """The table that a TOML document is; an empty one for an empty document.

    Raises RefusedError: truncated, too_large, too_deep, encoding, duplicate_key, syntax.
    """
    text = text_of(data, limits.MAX_TOML_BYTES)
    if sum(map(text.count, "=[{,")) > limits.MAX_TOML_VALUES:
        raise RefusedError("too_large", f"the file holds more than {limits.MAX_TOML_VALUES:,} values")
    if sum(header.count(".") + 1 for header in _HEADER.findall(text)) > limits.MAX_TOML_HEADER_PARTS:
        raise RefusedError("too_large", f"the file's tables have more than {limits.MAX_TOML_HEADER_PARTS:,} parts of names")
    if sum(found[0].count(".") for found in _BEFORE_EQUALS.finditer(text)) > limits.MAX_TOML_KEY_DOTS:
        raise RefusedError("too_large", f"the file's keys have more than {limits.MAX_TOML_KEY_DOTS:,} dots")
    if found := _LONG_KEY.search(text):
        where = f"line {text.count(chr(10), 0, found.end()) + 1}"
        raise RefusedError("too_deep", f"a key has more than {limits.MAX_KEY_PARTS} parts", where)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refusal(str(error)) from None
    except RecursionError:
        raise RefusedError("too_deep", f"the file nests deeper than {limits.MAX_DEPTH} levels") from None
    except ValueError:
        raise RefusedError("syntax", "a number or date in the file can't be one") from None


def tables(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The array of tables under a key, empty if there is none. Raises RefusedError shape if it is something else."""
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise RefusedError("shape", f"`{key}` is no array of tables", key)
    return found


def _refusal(message: str) -> RefusedError:
    place = _PLACE.search(message)
    where = place[1] if place else ""
    said = shortened(message[: place.start()] if place else message, 200)
    if where == "end of document":  # also where what is left of a longer key stands there a second time
        return RefusedError("truncated", "the file ends in the middle", where)
    if said.startswith(_TWICE):
        return RefusedError("duplicate_key", "a table holds a key twice, so that two readers could see two files", where)
    return RefusedError("syntax", f"the file is not valid TOML: {said}", where)
