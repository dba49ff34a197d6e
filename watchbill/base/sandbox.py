"""Contained child processes: work on bytes we do not trust, bounded in memory, processor time and output.

The child is always our own Python running a named module of ours; bytes go in by standard input and come back by standard output.
Nothing here runs a shell or a command named by data.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass

from watchbill.base.lifeline import die_with_parent

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """What a child may use: address space and output in MiB, processor and wall time in seconds."""

    memory_mib: int = 2048
    cpu_seconds: int = 60
    wall_seconds: float = 120.0
    output_mib: int = 256


@dataclass(frozen=True)
class Burst:
    """The child ended without an answer; `reason` says which bound it met, or how it died."""

    reason: str


def run_contained(module: str, arguments: list[str], data: bytes, bounds: Bounds | None = None) -> bytes | Burst:
    """Run `python -m module arguments` with `data` on standard input; its standard output, or why there is none."""
    bounds = bounds or Bounds()
    argv = [sys.executable, "-m", "watchbill.base.sandbox", _limits_text(bounds), module, *arguments]
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "VIRTUAL_ENV") if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(argv, input=data, capture_output=True, timeout=bounds.wall_seconds, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return Burst(f"took longer than {bounds.wall_seconds:g} seconds")
    if done.returncode != 0:
        return Burst(_cause(done.returncode, done.stderr, bounds))
    if len(done.stdout) > bounds.output_mib * _MIB:
        return Burst(f"answered with more than {bounds.output_mib} MiB")
    return done.stdout


def _limits_text(bounds: Bounds) -> str:
    return f"{os.getpid()},{bounds.memory_mib},{bounds.cpu_seconds}"


def _cause(code: int, stderr: bytes, bounds: Bounds) -> str:
    if b"MemoryError" in stderr or b"memory allocation" in stderr:
        return f"needed more than {bounds.memory_mib} MiB of memory"
    if code < 0:
        return f"was stopped by signal {-code}, after {bounds.cpu_seconds} seconds of processor time or for lack of memory"
    last = stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    return f"failed with exit code {code}: {last[:200]}"


def _main(argv: list[str]) -> None:
    parent, memory_mib, cpu_seconds = (int(part) for part in argv[1].split(","))
    die_with_parent(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * _MIB, memory_mib * _MIB))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(sys.executable, [sys.executable, "-m", *argv[2:]])  # noqa: S606 - limits survive exec; argv is ours


if __name__ == "__main__":
    _main(sys.argv)
