"""Examine the machine below llasa: versions, folders, disks, macOS's privacy protection."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.doctor.findings import Finding, failure, ok, warning
from daemon.errors import UnsafeFolder
from daemon.files import outlets
from daemon.files.filesystem import has_events
from daemon.files.listing import Listing
from daemon.files.source import is_dataless
from daemon.home import Home, refuse_foreign
from daemon.log import open_log
from daemon.machine import free_bytes
from daemon.power.records import Reading
from launchd.spec import privacy_program, protected

# Older versions: Metal errors end the process (mlx), a model folder's Python is run (mlx-lm,
# CVE-2026-5843), lost kernel events stay unreported (watchdog), transactions differ (sqlite-utils).
FLOORS: Final = {
    "mlx": (0, 32),
    "mlx-lm": (0, 32, 2),
    "watchdog": (7, 1),
    "sqlite-utils": (4, 2, 1),
}
LOW_BYTES: Final = 1_000_000_000  # less free space is a warning
NONE_BYTES: Final = 32 * 1024 * 1024  # less is a failure: the queue waits
LOOKED_AT: Final = 20_000  # files of the watched folders that are checked for their content
_ACCESS: Final = "System Settings, Privacy & Security, Full Disk Access"


def versions(found: Mapping[str, str | None] | None = None) -> Iterator[Finding]:
    """Compare the installed versions with the oldest ones that work."""
    found = found if found is not None else {name: _version(name) for name in FLOORS}
    old = {
        name: number
        for name, number in found.items()
        if number is None or _numbers(number) < FLOORS.get(name, ())
    }
    for name, number in old.items():
        floor = ".".join(map(str, FLOORS[name]))
        yield failure(
            "versions",
            f"{name} {number or 'is missing'}; {floor} or newer is needed",
            "uv tool upgrade --reinstall llasa",
        )
    if not old:
        packages = ", ".join(f"{name} {number}" for name, number in found.items())
        yield ok("versions", f"Python {sys.version.split()[0]}, {packages}")


def folders(home: Home) -> Iterator[Finding]:
    """Check the home's own folders: ours alone, writable, on a disk of this machine, with room."""
    if not home.state.is_dir():
        yield ok("home", f"{home.path} has not been used yet")
        return
    try:
        for folder in (home.state, home.logs):
            if folder.is_dir():
                refuse_foreign(folder)
        if home.settings.exists():
            refuse_foreign(home.settings)
    except UnsafeFolder as error:
        yield failure("home", str(error).rstrip("."), error.hint)
    else:
        yield ok("home", f"{home.path}; nobody else can change its settings, queue or log")
    if not os.access(home.state, os.W_OK | os.X_OK):
        yield failure("home", f"{home.state} cannot be written", "Correct its permissions.")
    if not has_events(home.state.resolve()):
        yield failure(
            "home",
            f"{home.path} lies on a share of another machine, where a database is not safe",
            "Choose a home on a disk of this machine; watched folders may lie on shares.",
        )
    yield disk(home.state)


def disk(folder: Path, free: int | None = None) -> Finding:
    """Check how much space is free."""
    space = free_bytes(folder) if free is None else free
    text = f"{space / 1e9:.1f} GB free on the disk of {folder}"
    if space < NONE_BYTES:
        return failure("disk", text, "Free some space; the queue waits until there is some.")
    if space < LOW_BYTES:
        return warning("disk", text, "Free some space before the disk is full.")
    return ok("disk", text)


def watched(config: Config) -> Iterator[Finding]:
    """Check the watched folders: existing, readable, writable, on which file system."""
    for folder in config.watch:
        if folder == config.home.transcripts and not folder.exists():
            yield ok("folder", f"{folder} is created at the first start")
            continue
        yield _watched(folder)
        if folder.is_dir() and os.stat(folder).st_mode & 0o002:
            yield warning(
                "folder",
                f"every user of this machine may write to {folder}",
                f"If that is not intended: chmod o-w '{folder}'",
            )


def _watched(folder: Path) -> Finding:
    program = privacy_program(sys.executable)
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        return failure(
            "folder", f"{folder} does not exist", "Create it, or correct `watch` in llasa.toml."
        )
    except OSError as error:
        if error.errno == errno.EPERM and guarded(folder):
            return failure(
                "folder",
                f"macOS's privacy protection (TCC) keeps this terminal from reading {folder}",
                f"For the service, allow {program} under {_ACCESS}, then run: llasactl restart. "
                "The terminal has an entry of its own there.",
            )
        return failure(
            "folder", f"{folder} cannot be read ({error.strerror})", "Correct its permissions."
        )
    if not os.access(folder, os.W_OK):
        return failure(
            "folder", f"{folder} cannot be written, so no output can be", "Correct its permissions."
        )
    if guarded(folder):
        return warning(
            "folder",
            f"{folder} is readable from here, but macOS guards it (TCC) for every other program",
            f"If the service sees no file, allow {program} under {_ACCESS}.",
        )
    if not has_events(folder):
        return warning(
            "folder",
            f"{folder} lies on a file system that reports no changes; it is scanned instead",
            "New files are found after up to a minute (`rescan_s`).",
        )
    return ok("folder", f"{folder} can be read and written")


def guarded(folder: Path, *, platform: str = sys.platform) -> bool:
    """Return whether macOS guards a folder."""
    return platform == "darwin" and protected(folder, Path.home())


def outputs(config: Config) -> Iterator[Finding]:
    """Check the folders of outputs that lie elsewhere: there, and writable."""
    for root in outlets.roots_of(config):
        if not root.is_dir():
            there = root.parent.is_dir()
            yield (
                ok("outputs", f"{root} is created with the first output")
                if there
                else failure(
                    "outputs",
                    f"{root} does not exist, nor does the folder that it lies in",
                    "Create it, or plug its disk in; files that wait for it are then finished.",
                )
            )
        elif not os.access(root, os.W_OK):
            yield failure("outputs", f"{root} cannot be written", "Correct its permissions.")
        elif not has_events(root):
            yield ok("outputs", f"{root} can be written; it lies on a share or another file system")
        else:
            yield ok("outputs", f"{root} can be written")


def power(config: Config, reading: Reading) -> Iterator[Finding]:
    """Say what the machine tells of its power and its user, where the settings ask for it."""
    if config.work == "always":
        return
    supply = {True: "the mains", False: "its battery", None: "something that it does not name"}
    used = (
        "does not say whether anybody uses it"
        if reading.unused_s is None
        else f"was last used {reading.unused_s:,.0f} s ago"
    )
    text = f"work = {config.work}: the machine runs on {supply[reading.on_power]} and {used}"
    if reading.on_power is None:
        yield warning("power", text, "It counts as on power.")
    elif config.work == "idle" and reading.unused_s is None:
        yield warning("power", text, "It counts as unused; on Linux, xprintidle or logind say it.")
    else:
        yield ok("power", text)


def evicted(config: Config) -> Iterator[Finding]:
    """Count transcripts whose content is only in iCloud."""
    listing = Listing(config, open_log(None))
    count = seen = 0
    for batch in listing.walk(listing.roots, batch_size=500):
        seen += len(batch)
        count += sum(is_dataless(status) for _, status in batch)
        if seen >= LOOKED_AT:
            break
    if count:
        yield warning(
            "files",
            f"{count:,} of {seen:,} files are in iCloud and not on this machine",
            "Download them in the Finder (or with `brctl download`); the daemon then reads them.",
        )
    else:
        yield ok("files", f"{seen:,} files that could be transcripts, all on this machine")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text.split("+")[0])[:3])
