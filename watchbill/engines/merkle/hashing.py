"""The three hashes of RFC 6962 section 2.1 and nothing else: every other module of this engine takes them from here, so they can't
disagree.

The first byte keeps leaves and inner nodes apart, so that no inner node can be passed off as an event.
"""

from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()
