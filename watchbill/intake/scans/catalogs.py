"""The catalog files beside and above the lockfiles of a watched path, for the roster to keep.

Only folders between a found manifest and the watched path itself are looked into; links are never followed, and nothing above the path
is opened, because nobody entitled named it.
"""

from collections.abc import Iterable
from pathlib import Path

from watchbill.base.acting import Actor
from watchbill.intake.scans.manifests import FoundFile
from watchbill.intake.scans.models import Source
from watchbill.roster import limits, queries
from watchbill.roster.catalog import FILE_NAMES, folders_above
from watchbill.roster.cataloguing import BroughtFile, see_catalogs


def see(source: Source, files: Iterable[FoundFile], *, by: Actor) -> tuple[str, ...]:
    """Keep what stands there for the source's repository, else for its service; sentences about what could not be used."""
    listed = list(files)
    folders = dict.fromkeys(folder for found in listed for folder in folders_above(found.manifest))
    if not folders:
        return ()
    root = listed[0].root
    brought = [one for folder in folders if (one := _read(root, folder)) is not None][: limits.CATALOG_FILES]
    home = queries.catalog_home(source.service, source.repo)
    return see_catalogs(home, brought, folders, brought_by=f"source:{source.pk}", by=by)


def _read(root: Path, folder: str) -> BroughtFile | None:
    """The folder's catalog file, one byte more than fits at the most; None where there is none that may be opened."""
    for name in FILE_NAMES:
        file = root / folder / name
        try:
            if file.is_symlink() or not file.is_file():
                continue
            with file.open("rb") as opened:
                return BroughtFile(f"{folder}/{name}".lstrip("/"), opened.read(limits.CATALOG_BYTES + 1))
        except (OSError, ValueError):
            continue
    return None
