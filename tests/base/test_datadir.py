"""The data directory: private, locked by one server, files replaced whole."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from watchbill.base.datadir import DataDir, is_locked, is_private, read_control, take_lock, write_private
from watchbill.base.problem import Problem


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_this_user_only(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "deep" / "data").prepare()
    assert mode(data.path) == mode(data.files) == mode(data.keys) == 0o700


def test_preparing_twice_is_fine(tmp_path: Path) -> None:
    DataDir(tmp_path).prepare()
    DataDir(tmp_path).prepare()


def test_each_file_has_its_place(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    places = [data.database, data.files, data.keys, data.advisories, data.control, data.lock]
    assert [place.name for place in places] == ["watchbill.db", "files", "keys", "advisories.db", "control.json", "server.lock"]
    assert {place.parent for place in places} == {tmp_path}


def test_a_directory_that_cant_be_made_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem) as caught:
        DataDir(tmp_path / "file" / "data").prepare()
    assert caught.value.code == "data_directory"
    assert "WATCHBILL_DATA" in caught.value.remedy


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    with pytest.raises(Problem) as caught:
        take_lock(tmp_path)
    assert (caught.value.code, caught.value.status) == ("already_running", 409)
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    lock.release()
    lock.release()
    take_lock(tmp_path).release()


def test_whether_it_is_locked_can_be_asked_without_taking_it(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    lock = take_lock(tmp_path)
    assert is_locked(tmp_path)
    lock.release()
    assert not is_locked(tmp_path)
    take_lock(tmp_path).release()


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    lines = [
        "import pathlib, sys",
        "from watchbill.base.datadir import take_lock",
        "lock = take_lock(pathlib.Path(sys.argv[1]))",
        "print('locked', flush=True)",
        "input()",
    ]
    code = "\n".join(lines)
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        assert is_locked(tmp_path)
        other.kill()
    assert not is_locked(tmp_path)


def test_the_lock_names_its_process(tmp_path: Path) -> None:
    lock = take_lock(tmp_path)
    assert DataDir(tmp_path).lock.read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "note"
    write_private(file, b"first, and rather long")
    write_private(file, b"second")
    assert file.read_bytes() == b"second"
    assert mode(file) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_a_file_that_others_may_read_is_not_private(tmp_path: Path) -> None:
    file = tmp_path / "note"
    write_private(file, b"")
    assert is_private(file)
    file.chmod(0o640)
    assert not is_private(file)


def control(folder: Path, text: str, rights: int = 0o600) -> None:
    file = DataDir(folder).control
    file.write_text(text)
    file.chmod(rights)


def test_a_running_server_is_found_through_its_control_file(tmp_path: Path) -> None:
    control(tmp_path, json.dumps({"url": "http://127.0.0.1:8080", "token": "secret", "pid": 1}))
    found = read_control(tmp_path)
    assert found is not None
    assert (found.url, found.token) == ("http://127.0.0.1:8080", "secret")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x"}', "null"])
def test_a_damaged_control_file_is_like_none(tmp_path: Path, text: str) -> None:
    control(tmp_path, text)
    assert read_control(tmp_path) is None


def test_no_control_file_means_no_server(tmp_path: Path) -> None:
    assert read_control(tmp_path) is None


def test_a_control_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    control(tmp_path, json.dumps({"url": "http://127.0.0.1:8080", "token": "secret"}), 0o644)
    assert read_control(tmp_path) is None
