"""A child process that must not outlive its parent: asked of the kernel, then checked.

Used by the serving process and by every contained child, as the first thing they do. It never kills anything itself but its own
process, when the parent is already gone.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_LOOK_EVERY_SECONDS = 1.0


def die_with_parent(parent: int | None = None) -> None:
    """Ask to be killed when the parent dies: prctl(2) PR_SET_PDEATHSIG on Linux, a watching thread elsewhere.

    `parent` is the process id expected as parent, when the caller knows it; a worker of `multiprocessing` knows it by itself. The parent
    may have died before the request reached the kernel, so its id is compared afterwards.
    """
    expected = parent or _forked_by() or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(expected,), name="lifeline", daemon=True).start()
    if os.getppid() != expected:
        os._exit(1)


def _forked_by() -> int | None:
    above = multiprocessing.parent_process()
    return above.pid if above else None


def _watch(expected: int) -> None:
    while os.getppid() == expected:
        time.sleep(_LOOK_EVERY_SECONDS)
    os._exit(1)
