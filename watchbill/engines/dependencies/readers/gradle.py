"""Gradle's dependency locks: gradle.lockfile, buildscript-gradle.lockfile, and the older file for each configuration.

What only tests use is in the group "test", what the build script itself uses in "build". The file doesn't say who asked for a module.
Format: the Gradle manual, "Locking versions".
"""

import re

from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo

INFO = ReaderInfo(
    name="gradle",
    title="Gradle lockfile",
    files=("gradle.lockfile", "buildscript-gradle.lockfile"),
    patterns=("*gradle*.lockfile", "dependency-locks/*.lockfile"),
    ecosystems=("Maven",),
)

_HEADER = b"# This is a Gradle generated file for dependency locking."
_FIRST_LINES = re.compile(rb"^[\w.\-]+:[\w.\-]+:[^\s:=]+=\w[\w,]*\r?$", re.MULTILINE)
_LINE = re.compile(r"([^\s:=]+):([^\s:=]+):([^\s:=]+)(?:=(\S*))?")
_EMPTY = "empty="


def sniff(head: bytes) -> bool:
    """Gradle's own first line, or a module with its configurations."""
    return _HEADER in head or _FIRST_LINES.search(head) is not None


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The modules that the file locks. Raises RefusedError."""
    del beside
    of_file = _group_of_file(re.split(r"[/\\]", filename)[-1])
    gathered = Collector("gradle", "Maven")
    for number, line in lines_of(text_of(data)):
        text = line.strip()
        if not text or text.startswith(("#", _EMPTY)):
            continue
        found = _LINE.fullmatch(text)
        if not found:
            gathered.note("shape", "a line does not name a module and its version", f"line {number}")
            continue
        group = of_file or _group_of(found[4] or "")
        gathered.add(f"{found[1]}:{found[2]}", found[3], place=f"line {number}", groups=(group,) if group else ())
    return gathered.inventory()


def _group_of_file(name: str) -> str:
    """The group of all in a file: the build script's own, or the one configuration that an older file is named for."""
    return "build" if name.lower().startswith("buildscript-") else _group_of(name.partition(".")[0])


def _group_of(configurations: str) -> str:
    """ "test" if every configuration is one of tests: testRuntimeClasspath, integrationTestCompileClasspath."""
    named = [name for name in configurations.split(",") if name]
    return "test" if named and all(name.startswith("test") or "Test" in name for name in named) else ""
