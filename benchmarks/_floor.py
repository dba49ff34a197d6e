"""The floor alone, on a new database in a temporary directory: what the benchmarks of writer and audit trail run on."""

import atexit
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def set_up() -> Path:
    """Django with base, migrated; the data directory, gone when the process ends."""
    data = Path(tempfile.mkdtemp(prefix="watchbill-bench-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["WATCHBILL_DATA"] = str(data)
    logging.disable(logging.WARNING)
    settings.configure(
        SECRET_KEY="only for this benchmark",
        INSTALLED_APPS=["watchbill.base"],
        DATABASES={"default": {"ENGINE": "watchbill.base.sqlite", "NAME": str(data / "watchbill.db"), "CONN_MAX_AGE": None}},
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    return data


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values don't exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
