"""The parts of the style guide that a machine can hold: sizes, names nobody can find, inits that re-export, modules without a word of
introduction."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.write_rooms import TREE

NAMES_NOBODY_CAN_FIND = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "process", "handle"}
MODULE_LINES = 350
FUNCTION_LINES = 40
# An outsider's verifier is one file by purpose: it imports nothing, so it holds Ed25519, notes, trees and zips itself.
ONE_FILE = {"watchbill/client/verify_trail.py", "watchbill/client/wb.py"}


def modules() -> list[Path]:
    return [path for path in sorted(TREE.glob("watchbill/**/*.py")) if "migrations" not in path.parts]


def shown(path: Path) -> str:
    return str(path.relative_to(TREE))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def docstring_lines(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, clean=False):
            lines.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def code_lines(path: Path) -> list[int]:
    """Line numbers of a module that hold code: not blank, not a comment, not a docstring."""
    inside = docstring_lines(tree_of(path))
    numbered = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [n for n, line in numbered if n not in inside and line.strip() and not line.lstrip().startswith("#")]


def test_a_module_introduces_itself() -> None:
    assert [shown(path) for path in modules() if not ast.get_docstring(tree_of(path))] == []


def test_a_module_is_small_enough_to_see() -> None:
    sizes = {shown(path): len(code_lines(path)) for path in modules() if shown(path) not in ONE_FILE}
    assert {path: size for path, size in sizes.items() if size > MODULE_LINES} == {}


def test_a_module_has_a_name_somebody_would_look_for() -> None:
    assert [shown(path) for path in modules() if NAMES_NOBODY_CAN_FIND & {path.stem, path.parent.name}] == []


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a module and its lines of code."""
    code = set(code_lines(path))
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, len(code & set(range(node.lineno, (node.end_lineno or 0) + 1)))


def test_a_function_is_small_enough_to_see() -> None:
    assert [f"{shown(path)} {name}: {size}" for path in modules() for name, size in functions(path) if size > FUNCTION_LINES] == []


def test_an_init_is_a_docstring_and_nothing_else() -> None:
    inits = [path for path in modules() if path.name == "__init__.py"]
    assert [shown(path) for path in inits if len(tree_of(path).body) != 1] == []


def roots_imported(path: Path) -> set[str]:
    """The top-level packages a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_the_client_needs_only_the_standard_library() -> None:
    for path in TREE.glob("watchbill/client/*.py"):
        assert roots_imported(path) <= sys.stdlib_module_names
