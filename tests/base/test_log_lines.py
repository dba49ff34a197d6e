"""Logs: one JSON object a line, whatever somebody managed to get into them."""

import json
import logging
import sys
from typing import Any

from watchbill.base.log_lines import LogLines


def line_of(message: str, *args: object, failed: bool = False, **extra: object) -> str:
    record = logging.LogRecord("watchbill.paging", logging.WARNING, __file__, 7, message, args, None)
    vars(record).update(extra)
    if failed:
        try:
            raise RuntimeError("lost the carrier")
        except RuntimeError:
            record.exc_info = sys.exc_info()
    return LogLines().format(record)


def test_a_line_says_when_how_bad_where_and_what() -> None:
    line: dict[str, Any] = json.loads(line_of("page %s sent", 7))
    assert (line["level"], line["from"], line["message"]) == ("warning", "watchbill.paging", "page 7 sent")
    assert line["at"].endswith("+00:00")


def test_what_it_is_about_stands_beside_it() -> None:
    assert json.loads(line_of("sent", page=7, subject="finding:412"))["subject"] == "finding:412"


def test_hostile_text_stays_on_its_line_and_is_inert() -> None:
    line = line_of("from %s", 'x\r\n{"level": "info"}\x1b[2J\u202e')
    assert "\n" not in line
    assert line.isascii()
    assert "\x1b" not in line


def test_a_failure_carries_its_traceback() -> None:
    assert "RuntimeError: lost the carrier" in json.loads(line_of("failed", failed=True))["traceback"]
