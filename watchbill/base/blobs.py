"""Large inputs in the PostgreSQL database, under their SHA-256 and in parts: every process must be able to read what any of them took in,
and a file would lie on one machine. The embedded database keeps them in files (files.py).
"""

from hashlib import sha256

from watchbill.base import limits
from watchbill.base.models import Blob, BlobPart
from watchbill.base.problem import Problem
from watchbill.base.unit import current


def keep(data: bytes, digest: str) -> None:
    """Inside `write`: store the bytes under their digest (64 hex digits), unless they are there. Two who bring the same at once wait for
    each other, and one stores it.
    """
    current()
    _, new = Blob.objects.get_or_create(digest=digest, defaults={"size": len(data)})
    if not new:
        return
    for number, at in enumerate(range(0, len(data), limits.BLOB_PART_BYTES)):
        BlobPart.objects.create(blob_id=digest, number=number, data=data[at : at + limits.BLOB_PART_BYTES])


def read(digest: str) -> bytes:
    """The bytes. Raises Problem("file_damaged") when they are gone or no longer those that were stored."""
    parts = BlobPart.objects.filter(blob_id=digest).order_by("number").values_list("data", flat=True)
    data = b"".join(bytes(part) for part in parts.iterator(chunk_size=1))
    if sha256(data).hexdigest() != digest:
        detail = f"The stored input {digest[:12]} is missing or was changed."
        remedy = "Restore the database from your backup."
        raise Problem("file_damaged", "Stored input is damaged", detail, remedy=remedy, status=500)
    return data
