"""A transparency-log witness (C2SP tlog-witness): sends each checkpoint with the proof that the one it has is its beginning, and takes its
signature only when that holds. Such a witness refuses a log that was rewritten, whoever asks.
"""

import base64
import binascii
import re
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from watchbill.base import limits, outgoing
from watchbill.base.handover import Handover, WitnessFailed, WitnessHas, WitnessInfo
from watchbill.base.problem import Problem
from watchbill.base.settings import WitnessSettings

INFO = WitnessInfo(
    name="tlog",
    title="A transparency-log witness",
    settings=("tlog", "tlog_key"),
    confirms=True,
    reads_back=False,
    example='tlog = "https://witness.example.org/submissions"',
    proves=True,
)
_COSIGNATURE = b"\x04"
_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<hash>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")
_REFUSALS = {
    400: "it can't read the request",
    403: "it doesn't know this log's key",
    404: "it doesn't know this log",
    422: "it refuses the proof: what it has seen is not the beginning of this trail",
}
_HASH_BYTES, _TIME_BYTES, _SIGNATURE_BYTES = 4, 8, 64


def place(own: WitnessSettings) -> str:
    """The submission prefix."""
    return own.tlog


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """`POST <prefix>/add-checkpoint`; its answer must hold a cosignature by the configured key."""
    name, key = _verifier(own.tlog_key)
    old, proof = given.known, given.proof
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", given.note]
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    url = own.tlog.rstrip("/") + "/add-checkpoint"
    try:
        answer = outgoing.request("POST", url, headers=headers, body="\n".join(lines).encode(), timeout=limits.WITNESS_SECONDS)
    except Problem as problem:
        raise WitnessFailed(problem.detail.rstrip(".")) from problem
    if answer.status == 409:
        raise _has(answer.body, old)
    if answer.status != 200:
        raise WitnessFailed(_REFUSALS.get(answer.status, f"it answered {answer.status}"))
    if not any(cosigned(given.note, line, name, key) for line in answer.body.decode(errors="replace").splitlines()):
        raise WitnessFailed("it answered without a valid signature by witness.tlog_key")


def read_back(own: WitnessSettings) -> tuple[str, ...]:
    """Nothing: it keeps only the newest size and root."""
    return ()


def cosigned(note: str, line: str, name: str, key: bytes) -> bool:
    """Whether the line is this key's cosignature/v1 (C2SP tlog-cosignature) over the note's text."""
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return False
    wanted = sha256(name.encode() + b"\n" + _COSIGNATURE + key).digest()[:_HASH_BYTES]
    if dash != "\N{EM DASH}" or signer != name or raw[:_HASH_BYTES] != wanted:
        return False
    if len(raw) != _HASH_BYTES + _TIME_BYTES + _SIGNATURE_BYTES:
        return False
    time = int.from_bytes(raw[_HASH_BYTES : _HASH_BYTES + _TIME_BYTES], "big")
    text = note[: note.index("\n\n") + 1]
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(raw[-_SIGNATURE_BYTES:], f"cosignature/v1\ntime {time}\n{text}".encode())
    except InvalidSignature:
        return False
    return True


def _verifier(text: str) -> tuple[str, bytes]:
    """Name and key of `name+hash+base64(0x04 || key)`."""
    found = _KEY.fullmatch(text.strip())
    try:
        raw = base64.b64decode(found["key"], validate=True) if found else b""
    except binascii.Error:
        raw = b""
    if found is None or len(raw) != 33 or raw[:1] != _COSIGNATURE:
        raise WitnessFailed("witness.tlog_key is no key of a witness: name+hash+base64, as the witness publishes it")
    return found["name"], raw[1:]


def _has(body: bytes, old: int) -> WitnessFailed:
    """What it answered instead (C2SP tlog-witness: 409 with the size that it knows)."""
    text = body[:40].decode(errors="replace").strip()
    why = f"it has a checkpoint of {text} events and not of {old}"
    return WitnessHas(int(text), why) if text.isdecimal() and len(text) < 19 else WitnessFailed(why)
