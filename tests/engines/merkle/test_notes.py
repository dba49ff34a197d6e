"""Signed notes: what we sign verifies, what anybody changed doesn't, and the text is the one that other note tools read."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from watchbill.engines.merkle.hashing import EMPTY_ROOT
from watchbill.engines.merkle.notes import (
    MAX_NOTE_BYTES,
    CheckpointText,
    NoteDamaged,
    key_hash,
    read_checkpoint,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_note,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "watchbill/saltmarsh"

# The example of the note package's documentation (golang.org/x/mod/sumdb/note): a foreign tool's key and signature.
FOREIGN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
FOREIGN_NAME = "PeterNeumann"
FOREIGN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_SIGNATURE = "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_a_foreign_tools_note_verifies() -> None:
    public = base64.b64decode(FOREIGN_KEY.split("+", 2)[2])[1:]
    assert verify_note(f"{FOREIGN_TEXT}\n{FOREIGN_SIGNATURE}\n", FOREIGN_NAME, public) == FOREIGN_TEXT


def test_the_verifier_key_has_the_form_of_foreign_tools() -> None:
    public = base64.b64decode(FOREIGN_KEY.split("+", 2)[2])[1:]
    assert verifier_key(FOREIGN_NAME, public) == FOREIGN_KEY


def test_the_key_hash_covers_name_type_and_key() -> None:
    assert key_hash(ORIGIN, PUBLIC) == sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC).digest()[:4]


def test_a_checkpoint_is_three_lines_a_gap_and_a_signature() -> None:
    lines = sign_checkpoint(CheckpointText(ORIGIN, 12, EMPTY_ROOT), KEY).split("\n")
    assert lines[:4] == [ORIGIN, "12", base64.b64encode(EMPTY_ROOT).decode(), ""]
    assert lines[4].startswith(f"\N{EM DASH} {ORIGIN} ")
    assert lines[5:] == [""]


@given(st.integers(0, 10**15), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back_as_it_was_signed(size: int, root: bytes) -> None:
    checkpoint = CheckpointText(ORIGIN, size, root)
    assert read_checkpoint(sign_checkpoint(checkpoint, KEY), ORIGIN, PUBLIC) == checkpoint


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_no_changed_letter_of_the_text_goes_unnoticed(where: int, letter: str) -> None:
    note = sign_checkpoint(CheckpointText(ORIGIN, 1000, EMPTY_ROOT), KEY)
    body = note.index("\n\n")
    at = where % body
    changed = note[:at] + letter + note[at + 1 :]
    if changed != note:
        with pytest.raises(NoteDamaged):
            read_checkpoint(changed, ORIGIN, PUBLIC)


def test_another_key_under_the_same_name_does_not_verify() -> None:
    note = sign_checkpoint(CheckpointText(ORIGIN, 3, EMPTY_ROOT), OTHER)
    with pytest.raises(NoteDamaged, match="no signature by"):
        read_checkpoint(note, ORIGIN, PUBLIC)


def test_a_forged_key_hash_does_not_help() -> None:
    note = sign_note("text\n", ORIGIN, OTHER)
    signature = base64.b64decode(note.split()[-1])[4:]
    forged = base64.b64encode(key_hash(ORIGIN, PUBLIC) + signature).decode()
    with pytest.raises(NoteDamaged, match="doesn't fit the text"):
        verify_note(f"text\n\n\N{EM DASH} {ORIGIN} {forged}\n", ORIGIN, PUBLIC)


def test_signatures_of_others_are_passed_over() -> None:
    text = "checked by two\n"
    alice, bob = sign_note(text, "alice", KEY), sign_note(text, "bob", OTHER)
    both = alice + bob.split("\n\n")[1]
    assert verify_note(both, "alice", PUBLIC) == text
    assert verify_note(both, "bob", OTHER.public_key().public_bytes_raw()) == text


def test_a_text_may_hold_empty_lines() -> None:
    text = "one\n\ntwo\n"
    assert verify_note(sign_note(text, "alice", KEY), "alice", PUBLIC) == text


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "no empty line"),
        ("text only\n", "no empty line"),
        ("text\n\n\N{EM DASH} alice AAAA", "no empty line"),
        ("text\n\n- alice AAAA\n", "not a signature line"),
        ("text\n\n\N{EM DASH} alice\n", "not a signature line"),
        ("text\n\n\N{EM DASH} alice ??\n", "not base64"),
        ("text\n\n\N{EM DASH} bob AAAA\n", "no signature by alice"),
        ("x" * (MAX_NOTE_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_note_is_refused_with_its_reason(note: str, why: str) -> None:
    with pytest.raises(NoteDamaged, match=why):
        verify_note(note, "alice", PUBLIC)


def test_a_signature_of_the_wrong_length_is_refused() -> None:
    short = base64.b64encode(key_hash("alice", PUBLIC) + b"\x00" * 63).decode()
    with pytest.raises(NoteDamaged, match="64 bytes, not 63"):
        verify_note(f"text\n\n\N{EM DASH} alice {short}\n", "alice", PUBLIC)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_signers_name_without_space_and_plus_is_asked_for(name: str) -> None:
    with pytest.raises(NoteDamaged, match="no space and no plus"):
        sign_note("text\n", name, KEY)


@pytest.mark.parametrize("text", ["no newline at the end", "bell\a\n", "return\r\n"])
def test_a_text_that_other_tools_would_refuse_is_not_signed(text: str) -> None:
    with pytest.raises(NoteDamaged):
        sign_note(text, "alice", KEY)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("watchbill/other\n3\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n", id="another log"),
        pytest.param(f"{ORIGIN}\n03\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n", id="a zero before the size"),
        pytest.param(f"{ORIGIN}\n-3\n" + base64.b64encode(EMPTY_ROOT).decode() + "\n", id="a negative size"),
        pytest.param(f"{ORIGIN}\n3\nAAAA\n", id="a short root"),
        pytest.param(f"{ORIGIN}\n3\n!!!!\n", id="a root that is no base64"),
        pytest.param(f"{ORIGIN}\n3\n", id="no root"),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(NoteDamaged):
        read_checkpoint(sign_note(body, ORIGIN, KEY), ORIGIN, PUBLIC)
