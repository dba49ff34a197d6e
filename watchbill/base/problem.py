"""Problem: the one shape of an error for page, API and command line. It says what happened, to what, and what to do next.

It never carries a stack trace or a secret, and knows neither HTTP nor HTML beyond the status number that a door may use.
"""

from typing import Any


class Problem(Exception):
    """What could not be done, once, for every door.

    `code` is stable and machine-readable; `title` and `detail` are sentences; `field` is the path of the input at fault; `remedy` the
    next step; `retry_after` seconds, when trying again later makes sense.
    """

    def __init__(
        self,
        code: str,
        title: str,
        detail: str = "",
        *,
        field: str = "",
        remedy: str = "",
        status: int = 400,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, title, detail)
        self.code = code
        self.title = title
        self.detail = detail
        self.field = field
        self.remedy = remedy
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}" if self.detail else self.title

    def as_dict(self) -> dict[str, Any]:
        """Problem details as of RFC 9457, with our `field`, `remedy`, `retryable` and `retry_after` beside its own members."""
        shown: dict[str, Any] = {
            "type": f"urn:watchbill:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "field": self.field,
            "remedy": self.remedy,
            "retryable": self.retryable,
        }
        if self.retry_after is not None:
            shown["retry_after"] = self.retry_after
        return shown

    def as_text(self) -> str:
        """Lines for a terminal; control characters in foreign text are made harmless."""
        lines = [f"Error: {self.title}"]
        lines += [f"  {text}" for text in (self.detail, f"in: {self.field}" if self.field else "") if text]
        if self.remedy:
            lines.append(f"  What to do: {self.remedy}")
        return "\n".join(_harmless(line) for line in lines)


def _harmless(line: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line)


def not_found(what: str, ident: object, remedy: str = "") -> Problem:
    """404: no such thing, or none that the asker may see."""
    return Problem("not_found", f"No such {what}", f"There is no {what} {ident!s}.", remedy=remedy, status=404)


def forbidden(detail: str, remedy: str = "") -> Problem:
    """403: known, but not allowed."""
    return Problem("forbidden", "Not allowed", detail, remedy=remedy, status=403)


def invalid(field: str, detail: str, remedy: str = "") -> Problem:
    """422: the input at `field` (a path such as `mail.port`) can't be taken."""
    return Problem("invalid", "This can't be taken as it is", detail, field=field, remedy=remedy, status=422)


def busy(retry_after: float) -> Problem:
    """503: nothing was written; the same request may be sent again after `retry_after` seconds."""
    detail = "Watchbill could not begin writing in time. Nothing was written."
    remedy = f"Send the same again in {retry_after:g} seconds."
    return Problem("busy", "Too busy to write", detail, remedy=remedy, status=503, retryable=True, retry_after=retry_after)


def conflict(detail: str, remedy: str = "") -> Problem:
    """409: it can't be done in the state that things are in."""
    return Problem("conflict", "Not possible in this state", detail, remedy=remedy, status=409)
