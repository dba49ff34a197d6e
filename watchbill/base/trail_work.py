"""The two long readings of the trail as one call each, alike in the server's own process and in a contained one."""

from pathlib import Path
from typing import Any

import msgspec

from watchbill.base import trail_export, verification
from watchbill.base.trail_export import Plan, Progress


def do(plan: dict[str, Any] | None, file: Path, progress: Progress) -> dict[str, Any]:
    """Write the planned export to `file`, or check every event when there is no plan; the outcome in plain values. Raises OSError."""
    if plan is None:
        report: dict[str, Any] = msgspec.to_builtins(verification.verify(progress=progress))
        return report
    made = trail_export.write_zip(msgspec.convert(plan, Plan), file, progress)
    return {"events": made.events, "size": made.size, "root": made.root, "bytes": file.stat().st_size}
