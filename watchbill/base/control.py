"""Server verbs: what a server command asks the running server to do (or does itself when none runs), JSON in and JSON out.

Each room registers its own in `verbs.py`. It carries no transport and checks no permission: the door that calls `run` says who acts.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from watchbill.base import limits
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid, not_found

Verb = Callable[[dict[str, Any], Actor], dict[str, Any]]
_verbs: dict[str, Verb] = {}


def verb(name: str) -> Callable[[Verb], Verb]:
    """Decorator: register `fn(payload, by)` under a name such as "roster.apply". Raises ValueError when the name is another function's."""

    def register(fn: Verb) -> Verb:
        if name in _verbs and _verbs[name].__qualname__ != fn.__qualname__:
            raise ValueError(f"the verb {name} exists already")
        _verbs[name] = fn
        return fn

    return register


def verbs() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(_verbs))


def run(name: str, payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Do it. Raises Problem("not_found") for an unknown verb, ("invalid") for a payload over the limit, and what the verb raises.

    The answer is plain JSON types whatever the verb returned (times become text).
    """
    fn = _verbs.get(name)
    if fn is None:
        raise not_found("verb", name)
    if len(msgspec.json.encode(payload)) > limits.VERB_PAYLOAD_BYTES:
        raise invalid("payload", f"A verb takes at most {limits.VERB_PAYLOAD_BYTES} bytes.")
    answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(fn(payload, by)))
    return answer
