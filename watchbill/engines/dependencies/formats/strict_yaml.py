"""YAML documents as strings, lists and dicts of strings: no aliases, no tags, no key twice, bounded depth and number of values.

Built from the parser's events, not by a loader: values stay as they are written, so that the version 1.10 does not become the number 1.1,
nothing is ever constructed, and an anchor bomb is refused at its first alias. It knows no file format.
"""

from typing import Any

import yaml
from yaml import events

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import text_of
from watchbill.engines.dependencies.packages import RefusedError, shortened

_PARSER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Node = dict[str, Any] | list[Any]


def yaml_documents(data: bytes) -> list[Any]:
    """Each document of the stream: nested dicts, lists and strings, and None for an empty value.

    Raises RefusedError: truncated, too_large, too_deep, encoding, duplicate_key, syntax, unsupported (an alias).
    """
    text = text_of(data, limits.MAX_YAML_BYTES)
    builder = _Builder()
    try:
        for count, event in enumerate(yaml.parse(text, Loader=_PARSER)):
            if count > limits.MAX_YAML_VALUES:
                raise RefusedError("too_large", f"the file holds more than {limits.MAX_YAML_VALUES:,} values")
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _refusal(error, text) from None
    except yaml.YAMLError:
        raise RefusedError("syntax", "the file holds characters that YAML doesn't allow") from None
    return builder.documents


class _Builder:
    """Puts events together to documents, with a stack of its own instead of the interpreter's."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self._open: list[Node] = []
        self._keys: list[str | None] = []

    def take(self, event: events.Event) -> None:
        if isinstance(event, events.ScalarEvent):
            self._put(_written(event), event, opens=False)
        elif isinstance(event, events.MappingStartEvent):
            self._put({}, event, opens=True)
        elif isinstance(event, events.SequenceStartEvent):
            self._put([], event, opens=True)
        elif isinstance(event, events.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, events.AliasEvent):
            raise RefusedError("unsupported", "the file uses a YAML alias, which lockfiles never do", _place(event))

    def _put(self, value: Any, event: events.Event, *, opens: bool) -> None:  # noqa: ANN401 - a YAML value
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.documents.append(value)
        elif isinstance(parent, list):
            parent.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = _as_key(value, parent, event)
            return
        else:
            parent[self._keys[-1]] = value
            self._keys[-1] = None
        if opens:
            self._open.append(value)
            self._keys.append(None)
            if len(self._open) > limits.MAX_DEPTH:
                raise RefusedError("too_deep", f"the file nests deeper than {limits.MAX_DEPTH} levels", _place(event))


def _as_key(value: Any, parent: dict[str, Any], event: events.Event) -> str:  # noqa: ANN401 - a YAML value
    if not isinstance(value, str):
        raise RefusedError("shape", "a key of the file is empty or no text", _place(event))
    if value in parent:
        raise RefusedError("duplicate_key", "a mapping holds a key twice, so that two readers could see two files", _place(event))
    return value


def _written(event: events.ScalarEvent) -> str | None:
    plain_null = event.implicit[0] and event.value in ("", "~", "null", "Null", "NULL")
    return None if plain_null else event.value


def _place(event: events.Event) -> str:
    mark = event.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _refusal(error: yaml.MarkedYAMLError, text: str) -> RefusedError:
    mark = error.problem_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    kept = text.rstrip()
    if mark and (mark.line, mark.column) >= (kept.count("\n"), len(kept) - kept.rfind("\n") - 1):
        return RefusedError("truncated", "the file ends in the middle", where)
    return RefusedError("syntax", f"the file is not valid YAML: {shortened(error.problem or 'unknown fault', 200)}", where)
