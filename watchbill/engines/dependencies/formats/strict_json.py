"""JSON documents, parsed strictly: no key twice, no NaN, bounded depth and number of values. It knows no file format.

The bounds are taken from the brackets and commas outside strings before anything is built, so a hostile file costs time in its length only.
"""

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import text_of
from watchbill.engines.dependencies.packages import RefusedError, shortened

_OPENING, _CLOSING = b"[{", b"]}"
_KEPT = b'[]{}",'
_DROPPED = bytes(set(range(256)) - set(_KEPT))
_STEPS = bytes.maketrans(_OPENING + _CLOSING + b",", b"\x01\x01\xff\xff\x00")
_STRINGS = re.compile(rb'"[^"]*(?:"|\Z)')


def json_object(data: bytes) -> dict[str, Any]:
    """The object that a JSON document is.

    Raises RefusedError: truncated, too_large, too_deep, encoding, duplicate_key, syntax, or shape if it is something else than an object.
    """
    text = text_of(data)
    if not text.strip():
        raise RefusedError("truncated", "the file is empty")
    _check_bounds(data)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _refusal(error, text) from None
    except RecursionError:
        raise RefusedError("too_deep", f"the file nests deeper than {limits.MAX_DEPTH} levels") from None
    except ValueError:
        raise RefusedError("syntax", "a number in the file has thousands of digits") from None
    if not isinstance(value, dict):
        raise RefusedError("shape", "the file is JSON, but no object")
    return value


def _check_bounds(data: bytes) -> None:
    marks = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, delete=_DROPPED).replace(b'""', b"")
    marks = _STRINGS.sub(b"", marks)
    if marks.count(b",") + marks.count(b"[") + 2 * marks.count(b"{") > limits.MAX_JSON_VALUES:
        raise RefusedError("too_large", f"the file holds more than {limits.MAX_JSON_VALUES:,} values")
    steps = memoryview(marks.translate(_STEPS)).cast("b")
    if max(accumulate(steps), default=0) > limits.MAX_DEPTH:
        raise RefusedError("too_deep", f"the file nests deeper than {limits.MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise RefusedError("duplicate_key", "an object holds a key twice, so that two readers could see two files", shortened(twice, 80))
    return made


def _no_constant(name: str) -> NoReturn:
    raise RefusedError("syntax", f"{name} is no JSON value")


def _refusal(error: json.JSONDecodeError, text: str) -> RefusedError:
    where = f"line {error.lineno}, column {error.colno}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return RefusedError("truncated", "the file ends in the middle", where)
    return RefusedError("syntax", f"the file is not valid JSON: {error.msg}", where)
