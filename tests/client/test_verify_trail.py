"""The verifier's own parts: Ed25519 against RFC 8032 and a library, hostile zips, and that it stands alone on an old Python."""

import ast
import base64
import json
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.trail.exports import VERIFIER, ask, verdict
from watchbill.client import verify_trail
from watchbill.client.verify_trail import BASE, NEUTRAL, L, P, _add, _decode, _encode, signature_holds
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint, verifier_key

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()

# RFC 8032 section 7.1: key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


class TestSignatures:
    @pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
    def test_the_rfcs_own_hold(self, key: str, message: str, signature: str) -> None:
        assert signature_holds(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))

    @hypothesis_settings(max_examples=20)
    @given(secret=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), bit=st.integers(0, 64 * 8 - 1))
    def test_a_librarys_hold_and_with_any_bit_changed_do_not(self, secret: bytes, message: bytes, bit: int) -> None:
        key = Ed25519PrivateKey.from_private_bytes(secret)
        public, signature = key.public_key().public_bytes_raw(), key.sign(message)
        assert signature_holds(public, message, signature)
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        assert not signature_holds(public, message, bytes(changed))
        assert not signature_holds(public, message + b"x", signature)

    def test_a_scalar_with_the_order_added_is_refused(self) -> None:
        signature = KEY.sign(b"x")
        other = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
        assert not signature_holds(PUBLIC, b"x", signature[:32] + other)

    def test_keys_of_small_order_sign_nothing(self) -> None:
        small = [NEUTRAL, (0, P - 1, 1, 0)]
        order_eight = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
        found = _decode(order_eight)
        assert found is not None
        for point in (*small, found):
            # R = nothing, S = 0 "signs" every message for such a key, unless it is refused.
            assert not signature_holds(_encode(point), b"anything", _encode(NEUTRAL) + bytes(32))

    @pytest.mark.parametrize("y", [P, P + 1, 2**255 - 1])
    def test_another_form_of_a_point_is_no_point(self, y: int) -> None:
        assert _decode(y.to_bytes(32, "little")) is None

    def test_a_negative_nothing_is_no_point(self) -> None:
        assert _decode((1 | 1 << 255).to_bytes(32, "little")) is None

    def test_what_is_not_on_the_curve_is_no_point(self) -> None:
        assert _decode((2).to_bytes(32, "little")) is None
        assert _decode(b"short") is None

    def test_a_point_added_to_its_opposite_is_nothing(self) -> None:
        x, y, z, t = BASE
        assert _encode(_add(BASE, (P - x, y, z, P - t))) == _encode(NEUTRAL)

    @pytest.mark.parametrize("signature", [b"", b"x" * 63, b"x" * 65, bytes(64)])
    def test_what_is_no_signature_holds_nothing(self, signature: bytes) -> None:
        assert not signature_holds(PUBLIC, b"x", signature)


class TestStandingAlone:
    def test_it_imports_nothing_but_the_standard_library(self) -> None:
        tree = ast.parse(VERIFIER.read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)

    def test_python_3_9_can_read_it(self) -> None:
        ast.parse(VERIFIER.read_text(), feature_version=(3, 9))

    def test_what_is_no_zip_is_no_export(self, tmp_path: Path) -> None:
        (tmp_path / "a.zip").write_bytes(b"hello")
        assert verdict(tmp_path / "a.zip").code == 1
        assert verdict(tmp_path / "nothing.zip").code == 2

    def test_a_wrong_word_is_wrong_usage_not_a_verdict(self, tmp_path: Path) -> None:
        assert ask(tmp_path / "a.zip", "--no-such-option").returncode == 2


class Log:
    """A log with events of our own making, to write hostile exports of."""

    def __init__(self, count: int = 5) -> None:
        self.events = [self.event(seq) for seq in range(1, count + 1)]

    @staticmethod
    def event(seq: int, **body: object) -> bytes:
        text = {
            "action": "a",
            "actor": "b",
            "actor_kind": "system",
            "body": body,
            "occurred_at": "o",
            "outcome": "done",
            "recorded_at": "r",
        }
        return json.dumps({**text, "ref": "", "seq": seq, "source": "s", "target": "t"}, sort_keys=True, separators=(",", ":")).encode()

    def checkpoint(self) -> str:
        tree = verify_trail.Tree()
        tree.extend([verify_trail.hashlib.sha256(b"\x00" + event).digest() for event in self.events])
        return sign_checkpoint(CheckpointText("log.example", len(self.events), tree.root()), KEY)

    def write(self, path: Path, **more: bytes) -> Path:
        files = {"events.jsonl": b"".join(event + b"\n" for event in self.events), "checkpoint.txt": self.checkpoint().encode()}
        files |= {"keys.txt": (verifier_key("log.example", PUBLIC) + "\n").encode()}
        files |= {name.replace("__", "."): data for name, data in more.items()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in files.items():
                packed.writestr(name, data)
        return path


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The checkpoint of such a log, kept outside."""
    (tmp_path / "kept.txt").write_text(Log().checkpoint())
    return tmp_path / "kept.txt"


class TestHostileZips:
    def test_an_export_without_hashes_is_judged_by_its_checkpoints(self, tmp_path: Path, kept: Path) -> None:
        assert verdict(Log().write(tmp_path / "a.zip"), kept).code == 0

    def test_two_files_of_one_name_are_refused(self, tmp_path: Path, kept: Path) -> None:
        path = Log().write(tmp_path / "a.zip")
        with zipfile.ZipFile(path, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("events.jsonl", b"other\n")
        assert "two files of the same name" in verdict(path, kept).reason

    @pytest.mark.parametrize("name", ["../events.jsonl", "/etc/passwd", "events.jsonl/", "a/../events.jsonl", "EVENTS.jsonl", "x" * 5000])
    def test_names_that_no_export_has_are_refused(self, tmp_path: Path, kept: Path, name: str) -> None:
        path = Log().write(tmp_path / "a.zip")
        with zipfile.ZipFile(path, "a") as packed:
            packed.writestr(name, b"x")
        assert verdict(path, kept).code == 1

    @pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_other_ways_of_packing_are_refused(self, tmp_path: Path, kept: Path, way: int) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", way) as packed:
            packed.writestr("events.jsonl", b"x")
        assert "packed in a way" in verdict(path, kept).reason

    def test_a_list_of_contents_without_end_is_not_read(self, tmp_path: Path, kept: Path) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for number in range(3000):
                packed.writestr(f"{number}", b"")
        assert "longer than any export's" in verdict(path, kept).reason

    def test_a_cut_zip_is_no_export(self, tmp_path: Path, kept: Path) -> None:
        data = Log(500).write(tmp_path / "a.zip").read_bytes()
        for part in (len(data) // 2, len(data) - 10, len(data) - 30, 1, 0):
            (tmp_path / "b.zip").write_bytes(data[:part])
            found = verdict(tmp_path / "b.zip", kept)
            assert (found.code, found.first) == (1, 1), part

    def test_every_single_broken_byte_is_refused_or_harmless(self, tmp_path: Path) -> None:
        """In this process: a thousand zips. Harmless are bytes that say nothing about the events, such as times and rights of files."""
        data, own = Log().write(tmp_path / "a.zip").read_bytes(), [verify_trail.read_checkpoint(*_note(Log().checkpoint()))]
        codes = set()
        for at in range(0, len(data), 1):
            broken = bytearray(data)
            broken[at] ^= 0xFF
            (tmp_path / "b.zip").write_bytes(broken)
            told = verify_trail.verify(str(tmp_path / "b.zip"), own)
            codes.add(told.code)
            assert told.code in (0, 1)
            assert told.code == 1 or told.facts["root"] == own[0].root.hex()
        assert codes == {0, 1}

    @pytest.mark.parametrize("name", ["keys.txt", "checkpoint.txt", "checkpoints.txt", "proofs.json", "private.jsonl", "inclusion.jsonl"])
    @pytest.mark.parametrize(
        "data", [b"\xff\xfe", b"[" * 100_000, b"\n" * 100_000, b"{}", b"\x00" * 70_000, b"0", b"null\n", b'{"seq":1}\n']
    )
    def test_rubbish_in_any_file_is_told_and_breaks_nothing(self, tmp_path: Path, name: str, data: bytes) -> None:
        path = Log().write(tmp_path / "a.zip", **{name.replace(".", "__"): data})
        told = verify_trail.verify(str(path), [verify_trail.read_checkpoint(*_note(Log().checkpoint()))])
        harmless = name in ("checkpoints.txt", "keys.txt") and not data.strip()
        assert told.code in ((1, 0) if harmless or name == "checkpoints.txt" else (1,)), told

    @hypothesis_settings(max_examples=60)
    @given(lines=st.lists(st.binary(max_size=60), max_size=6))
    def test_any_lines_for_events_are_told_and_break_nothing(self, tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
        path = tmp_path_factory.mktemp("zip") / "a.zip"
        told = verify_trail.verify(str(Log().write(path, events__jsonl=b"\n".join(lines))), [])
        assert told.code == 1

    def test_a_line_longer_than_any_event_is_not_kept(self, tmp_path: Path, kept: Path) -> None:
        path = Log().write(tmp_path / "a.zip", events__jsonl=b" " * (8 * 1024 * 1024))
        assert "a line longer than any event" in verdict(path, kept).reason

    @pytest.mark.real
    def test_a_bomb_needs_little_memory(self, tmp_path: Path, kept: Path) -> None:
        """A gigabyte of nothing in a megabyte, in each file."""
        for name in ("events.jsonl", "hashes.bin", "private.jsonl", "inclusion.jsonl", "checkpoints.txt", "keys.txt", "proofs.json"):
            path = Log().write(tmp_path / "a.zip")
            if name in ("events.jsonl", "keys.txt"):
                path.unlink()
            with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
                if name == "events.jsonl":
                    packed.writestr("checkpoint.txt", Log().checkpoint())
                with packed.open(name, "w", force_zip64=True) as member:
                    for _ in range(1024):
                        member.write(bytes(1024 * 1024))
            argv = f"ulimit -v 400000; exec {sys.executable} -I {VERIFIER} {path} --checkpoint {kept} --json"
            done = verify_trail_under(argv)
            assert done[0] == 1, (name, done)


def verify_trail_under(command: str) -> tuple[int, str]:
    """The verifier in a shell with a limit on its memory."""
    import subprocess  # noqa: PLC0415 - only here

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stderr[-500:]


def _note(text: str) -> tuple[verify_trail.Note, str]:
    head, _, signatures = text.rstrip("\n").partition("\n\n")
    return verify_trail.read_note(head, signatures), "your checkpoint"


class TestChangesOfTheKey:
    NEW = Ed25519PrivateKey.from_private_bytes(b"n" * 32)

    def keys(self, size: int, *, by: Ed25519PrivateKey = KEY, old: Ed25519PrivateKey = KEY) -> bytes:
        from tests.trail.forging import change_of_key, keys_file  # noqa: PLC0415 - it loads Django

        return keys_file("log.example", KEY, self.NEW, changes=change_of_key("log.example", old, self.NEW, size, by))

    def signed(self, log: Log, key: Ed25519PrivateKey) -> bytes:
        tree = verify_trail.Tree()
        tree.extend([verify_trail.hashlib.sha256(b"\x00" + event).digest() for event in log.events])
        return sign_checkpoint(CheckpointText("log.example", len(log.events), tree.root()), key).encode()

    def judged(self, path: Path, size: int, key: Ed25519PrivateKey, **how: Ed25519PrivateKey) -> verify_trail.Told:
        """Ten events signed by `key`, with a change of the key at `size`, for somebody who kept the old key's checkpoint of 5."""
        log = Log(10)
        log.write(path, checkpoint__txt=self.signed(log, key), keys__txt=self.keys(size, **how))
        return verify_trail.verify(str(path), [verify_trail.read_checkpoint(*_note(Log(5).checkpoint()))])

    def test_the_old_keys_word_makes_the_new_one_count(self, tmp_path: Path) -> None:
        told = self.judged(tmp_path / "a.zip", 7, self.NEW)
        assert (told.code, len(told.facts["keys"])) == (0, 2)

    def test_a_checkpoint_from_before_stays_the_old_keys(self, tmp_path: Path) -> None:
        assert self.judged(tmp_path / "a.zip", 3, self.NEW).code == 1  # the auditor's, of 5, came after the change

    def test_the_old_key_signs_nothing_after_the_change(self, tmp_path: Path) -> None:
        assert "no valid signature" in self.judged(tmp_path / "a.zip", 7, KEY).reason

    def test_nobody_else_can_change_the_key(self, tmp_path: Path) -> None:
        told = self.judged(tmp_path / "a.zip", 7, self.NEW, by=self.NEW)
        assert (told.code, "a change of the key is forged" in told.reason) == (1, True)

    def test_a_change_from_a_key_that_was_never_in_force_counts_for_nothing(self, tmp_path: Path) -> None:
        stranger = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
        assert self.judged(tmp_path / "a.zip", 7, self.NEW, by=stranger, old=stranger).code == 1


class TestWhatTheAuditorKept:
    def test_a_letter_around_the_checkpoint_does_no_harm(self, tmp_path: Path) -> None:
        note = Log().checkpoint()
        (tmp_path / "kept").write_bytes(("Dear Bob,\n\nhere it is:\n\n" + note + "\n\nYours, Alice\n").replace("\n", "\r\n").encode())
        assert verdict(Log().write(tmp_path / "a.zip"), tmp_path / "kept").code == 0

    def test_a_witnesss_file_with_a_torn_end_is_read_up_to_there(self, tmp_path: Path) -> None:
        notes = Log(3).checkpoint() + "\n" + Log(5).checkpoint() + "\n" + Log(4).checkpoint()[:40]
        (tmp_path / "kept").write_text(notes)
        assert verdict(Log().write(tmp_path / "a.zip"), tmp_path / "kept").told["own_checkpoint"] == 5

    def test_an_earlier_export_will_do(self, tmp_path: Path) -> None:
        earlier = Log(3).write(tmp_path / "earlier.zip")
        assert verdict(Log().write(tmp_path / "a.zip"), earlier).told["own_checkpoint"] == 3

    def test_two_exports_that_do_not_agree_are_found(self, tmp_path: Path) -> None:
        one, other = Log(5), Log(5)
        other.events[2] = Log.event(3, n=1)
        found = verdict(one.write(tmp_path / "a.zip"), other.write(tmp_path / "b.zip"))
        assert (found.code, found.first, found.told["last_bad_seq"]) == (1, 1, 5)

    def test_a_file_without_a_checkpoint_is_said_to_have_none(self, tmp_path: Path) -> None:
        (tmp_path / "kept").write_text("hello\n\n— me you\n")
        assert (verdict(Log().write(tmp_path / "a.zip"), tmp_path / "kept").code) == 2

    def test_a_checkpoint_of_another_log_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "kept").write_text(sign_checkpoint(CheckpointText("other.example", 3, bytes(32)), KEY))
        assert "your checkpoint is of 'other.example'" in verdict(Log().write(tmp_path / "a.zip"), tmp_path / "kept").reason

    @pytest.mark.parametrize("form", ["base64", "vkey", "fingerprint", "colons"])
    def test_the_key_may_be_named_in_each_usual_form(self, tmp_path: Path, kept: Path, form: str) -> None:
        mark = verify_trail.fingerprint(PUBLIC)
        forms = {
            "base64": base64.b64encode(PUBLIC).decode(),
            "vkey": verifier_key("log.example", PUBLIC),
            "fingerprint": mark,
            "colons": ":".join(mark[at : at + 2] for at in range(0, 64, 2)).upper(),
        }
        assert verdict(Log().write(tmp_path / "a.zip"), kept, f"--key={forms[form]}").code == 0

    def test_nothing_that_is_printed_can_move_a_terminal(self, tmp_path: Path) -> None:
        (tmp_path / "kept").write_text(sign_checkpoint(CheckpointText("other\u202e", 3, bytes(32)), KEY))
        out = ask(Log().write(tmp_path / "a.zip"), "--checkpoint", str(tmp_path / "kept")).stdout
        assert "\u202e" not in out
