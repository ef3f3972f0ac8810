"""What the code agrees on and a linter does not know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import daemon
import engine
import state

ROOT = Path(__file__).parents[1]


def functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield path, node


def test_every_test_says_in_a_sentence_what_it_holds() -> None:
    """A docstring on each test."""
    without = [f"{p.name}:{node.name}" for p, node in functions() if not ast.get_docstring(node)]
    assert without == []


def test_no_test_outside_acceptance_sleeps_or_starts_threads() -> None:
    """Time is an argument everywhere else."""
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if "acceptance" not in path.parts
        and path != Path(__file__)
        and any(word in path.read_text(encoding="utf-8") for word in ("time.sleep", "Thread("))
    ]
    assert guilty == []


def test_the_rooms_are_ours() -> None:
    """Their names are common ones: another package must not stand in for them."""
    for room in (daemon, engine, state):
        assert room.__file__ is not None
        assert Path(room.__file__).is_relative_to(ROOT)


def test_no_committed_file_is_left_without_a_licence_and_a_lock_file_stays_out() -> None:
    """The lock file names a registry and is not part of the project."""
    assert (ROOT / "LICENSE").is_file()
    assert "uv.lock" in (ROOT / ".gitignore").read_text().split()
