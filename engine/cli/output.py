"""Where a command writes: the path that the user named, checked before any work is done."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine import sidecars
from engine.errors import OutputError
from engine.terminal import safe


def say(text: str) -> None:
    """Print a remark, which is not part of the output."""
    click.echo(safe(text), err=True)


def check_file(output: Path, *, source: Path | None) -> None:
    """Refuse an output file that could not be written; raises `OutputError`, `UsageError`."""
    if source is not None and output.exists() and output.samefile(source):
        raise click.UsageError("--output names the transcript itself; give it another name.")
    check_folder(output.parent)
    if os.path.lexists(output) and (output.is_symlink() or not output.is_file()):
        raise OutputError(f"{output} is not a regular file.", hint="Give --output another name.")


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be written or made; raises `OutputError`."""
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise OutputError(f"{there} is not a folder.", hint="Name another folder for the output.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(
            f"The folder {there} is not writable.", hint="Check the folder's permissions."
        )


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; raises `OutputError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def write_text(output: Path, content: str, *, mode: int) -> sidecars.Written:
    """Write a text to the named file, in a folder that is made if necessary."""
    make_folder(output.parent)
    return sidecars.write_new(output, content, mode=mode)


def echo_path(written: sidecars.Written) -> None:
    """Print where an output is."""
    note = "  (beside the existing file)" if written.displaced else ""
    click.echo(safe(written.path) + note)
