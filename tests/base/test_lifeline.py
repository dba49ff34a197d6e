"""A child that must not outlive its parent doesn't, however the parent dies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENT = 30.0
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
input()
"""
FORKING = """
import multiprocessing, os, sys, time
def child(parent):
    print(os.getpid(), flush=True)
    while os.getppid() == parent:
        time.sleep(0.01)
    from watchbill.base.lifeline import die_with_parent
    die_with_parent()
    time.sleep(600)
multiprocessing.get_context("fork").Process(target=child, args=(os.getpid(),)).start()
"""
CHILD = """
import time
from watchbill.base.lifeline import die_with_parent
die_with_parent()
print("alive", flush=True)
time.sleep(600)
"""


def running(pid: int) -> bool:
    """Whether the process still does anything (a zombie that nobody has collected does not)."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def ends(pid: int) -> None:
    """It is gone soon; whoever is not is killed, and the test fails."""
    end = time.monotonic() + PATIENT
    try:
        while running(pid):
            assert time.monotonic() < end, "it lives on"
            time.sleep(0.01)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_killed_parent_takes_its_child_with_it() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert running(child)
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENT)
    ends(child)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_worker_whose_parent_died_before_it_asked_ends_too() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FORKING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENT)
    ends(child)


def test_a_child_whose_parent_died_before_ends_at_once() -> None:
    code = "from watchbill.base.lifeline import die_with_parent; die_with_parent(1_000_000_000); print('still here')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=PATIENT, check=False)
    assert (done.returncode in (1, -signal.SIGKILL), done.stdout) == (True, "")
