"""What somebody tried on the verifier: exports that made it stop with an error of Python's, and keys that posed as the auditor's own."""

import resource
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.client.test_verify_trail import KEY, PUBLIC, Log
from tests.trail.exports import VERIFIER, verdict
from tests.trail.forging import change_of_key, keys_file
from watchbill.client import verify_trail
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint

STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
EVENTS = b"events.jsonl"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The checkpoint of such a log, kept outside."""
    (tmp_path / "kept.txt").write_text(Log().checkpoint())
    return tmp_path / "kept.txt"


class TestProofsOfOddSizes:
    @pytest.mark.parametrize("size", ['"x"', "2.5", "3.0", "null", "NaN", "-1", "true"])
    def test_are_told_as_damage(self, tmp_path: Path, kept: Path, size: str) -> None:
        path = Log().write(tmp_path / "a.zip", proofs__json=b'{"consistency":[{"size":%s,"path":[]}]}' % size.encode())
        found = verdict(path, kept)
        assert (found.code, "proofs.json is damaged" in found.reason) == (1, True)


class TestDamagedZips:
    def test_a_name_that_is_no_text_is_damage(self, tmp_path: Path, kept: Path) -> None:
        """The name before a member's bytes, not the one in the list of contents; flagged as UTF-8 in both."""
        path = Log().write(tmp_path / "a.zip")
        data = bytearray(path.read_bytes())
        at = data.find(EVENTS)
        data[at] = 0x80
        data[at - 30 + 7] |= 0x08
        path.write_bytes(data)
        assert verdict(path, kept).code == 1

    @pytest.mark.parametrize("offset", [2**63, 2**64 - 1, 2**62])
    def test_a_member_at_no_possible_place_is_damage(self, tmp_path: Path, kept: Path, offset: int) -> None:
        path = Log().write(tmp_path / "a.zip")
        path.write_bytes(_moved(path.read_bytes(), offset))
        assert verdict(path, kept).code == 1

    def test_an_earlier_export_that_ends_within_is_no_checkpoint(self, tmp_path: Path) -> None:
        path = Log().write(tmp_path / "a.zip")
        data = bytearray(path.read_bytes())
        at = data.rfind(b"checkpoint.txt") - 46
        data[at + 20 : at + 24] = struct.pack("<L", 2**31)
        (tmp_path / "b.zip").write_bytes(data)
        assert verdict(path, tmp_path / "b.zip").code in (0, 2)

    @pytest.mark.real
    def test_a_list_of_contents_that_says_its_length_twice_is_not_read(self, tmp_path: Path, kept: Path) -> None:
        """The old field says a few bytes, the wide one a gigabyte: the wide one is what Python's reader follows."""
        path = tmp_path / "a.zip"
        length = 1 << 30
        with path.open("wb") as out:
            out.truncate(length)
            out.seek(length)
            wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, 0)
            out.write(wide + struct.pack("<4sLQL", b"PK\x06\x07", 0, length, 1))
            out.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 100, 0, 0))
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), str(path), "--checkpoint", str(kept), "--json"],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20)),
        )
        assert (done.returncode, done.stderr) == (1, "")


def _moved(data: bytes, offset: int) -> bytes:
    """The first member's entry in the list of contents, with a wide offset."""
    at = data.rfind(EVENTS) - 46
    length = len(EVENTS)
    entry = bytearray(data[at : at + 46 + length])
    entry[30:32] = struct.pack("<H", 12)
    entry[42:46] = b"\xff" * 4
    made = bytes(entry) + struct.pack("<2HQ", 1, 8, offset)
    end = bytearray(data[at + 46 + length :])
    where = end.rfind(b"PK\x05\x06")
    size = int.from_bytes(end[where + 12 : where + 16], "little") + 12
    end[where + 12 : where + 16] = struct.pack("<L", size)
    return data[:at] + made + bytes(end)


class TestAKeyThatTheAuditorNamed:
    def forged(self, path: Path, size: int) -> Path:
        """Somebody's own log under the same name: their key first, and a change to the real key, which never signed anything."""
        log = Log()
        tree = verify_trail.Tree()
        tree.extend([verify_trail.hashlib.sha256(b"\x00" + event).digest() for event in log.events])
        note = sign_checkpoint(CheckpointText("log.example", 5, tree.root()), STRANGER).encode()
        keys = keys_file("log.example", STRANGER, KEY, changes=change_of_key("log.example", STRANGER, KEY, size, STRANGER))
        return log.write(path, checkpoint__txt=note, keys__txt=keys)

    @pytest.mark.parametrize("size", [5, 6, 10**17])
    def test_is_not_the_logs_because_a_stranger_names_it_as_the_next(self, tmp_path: Path, size: int) -> None:
        found = verdict(self.forged(tmp_path / "a.zip", size), None, f"--key={verify_trail.fingerprint(PUBLIC)}")
        assert (found.code, "signed with another key than yours" in found.reason) == (1, True)
