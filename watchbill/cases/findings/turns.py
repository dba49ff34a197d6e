"""What the recording of one scan works with, passed from step to step. It does nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from watchbill.cases.findings.changes import Changes
from watchbill.cases.findings.closing import LastLook
from watchbill.cases.findings.known import Known
from watchbill.cases.findings.models import Feed, RecordedScan
from watchbill.cases.findings.owners import Owners
from watchbill.cases.findings.rules import ScanSummary

VersionNow = Callable[[str, str, str], str]


@dataclass
class Turn:
    """What one scan's recording works with."""

    scan: ScanSummary
    row: RecordedScan
    feed: Feed
    looks: dict[str, LastLook]
    known: Known
    owners: Owners
    changes: Changes
    signed: dict[int, str]
    now: datetime
    version_now: VersionNow | None
