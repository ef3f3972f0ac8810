"""A notification of the real daemon arrives at a real server of notifications."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.harness import Home, talk, wait_for

NEEDED = ("Xvfb", "dbus-daemon", "dunst", "notify-send")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)),
    reason="needs Xvfb, dbus-daemon, dunst and notify-send (packages xvfb, dbus, dunst and "
    "libnotify-bin)",
)


class Desktop:
    """A screen, a session bus and dunst, which hands what arrives to a script."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._got = folder / "got"
        keep = folder / "keep"
        keep.write_text(f"#!/bin/sh\nprintf '%s\\n%s\\0' \"$2\" \"$3\" >> '{self._got}'\n")
        keep.chmod(0o755)
        rules = folder / "dunstrc"
        rules.write_text(f'[keep]\n    appname = "llasa"\n    script = "{keep}"\n')
        screen = self._start("Xvfb", "-displayfd", "{}", "-screen", "0", "640x480x24")
        bus = self._start("dbus-daemon", "--session", "--nofork", "--print-address={}")
        self.environment = {"DISPLAY": f":{screen}", "DBUS_SESSION_BUS_ADDRESS": bus}
        self._run("dunst", "-config", str(rules), environment=self.environment)
        bus_itself = "org.freedesktop.DBus"
        asked = ["dbus-send", "--session", "--print-reply", f"--dest={bus_itself}", "/",
                 f"{bus_itself}.NameHasOwner", "string:org.freedesktop.Notifications"]  # fmt: skip

        def there() -> bool:
            done = subprocess.run(
                asked, env={**os.environ, **self.environment}, capture_output=True, check=False
            )
            return b"boolean true" in done.stdout

        wait_for(there, what="a notification server on the bus")

    def _start(self, *command: str) -> str:
        """Start a server, and return what it writes into the file that `{}` stands for."""
        reading, writing = os.pipe()
        with os.fdopen(reading) as said:
            self._run(*(part.replace("{}", str(writing)) for part in command), passed=(writing,))
            os.close(writing)
            return said.readline().strip()

    def _run(
        self,
        *command: str,
        environment: dict[str, str] | None = None,
        passed: tuple[int, ...] = (),
    ) -> None:
        process = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=passed,
        )
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.terminate)

    def got(self) -> list[list[str]]:
        """Return title and line of each notification that arrived."""
        if not self._got.exists():
            return []
        return [one.split("\n", 1) for one in self._got.read_text().split("\0")[:-1]]


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    folder = tmp_path / "desktop"
    folder.mkdir()
    with ExitStack() as stack:
        yield Desktop(folder, stack)


def test_a_notification_arrives_with_the_name_of_the_file(tmp_path: Path, desktop: Desktop) -> None:
    """As the file is called: the server reads a small HTML with escapes, and gets them."""
    home = Home(tmp_path, settings="[on_done]\nnotify = true\n")
    home.environment |= desktop.environment
    home.drop('a" & <b>.json', talk("a", 20))
    assert home.start("--drain", "--quiet").wait(60) == 0
    ((title, line),) = wait_for(desktop.got, what="a notification")
    assert title == "llasa"
    assert 'a" &amp; &lt;b&gt;.json' in line


def test_a_bus_that_is_not_there_is_named_when_the_hook_is_tried(
    tmp_path: Path, desktop: Desktop
) -> None:
    """The hook is tried by a person, who is told what notify-send says about it."""
    home = Home(tmp_path, settings="[on_done]\nnotify = true\n")
    home.environment |= desktop.environment
    home.drop("a.json", talk("a", 20))
    assert home.start("--drain", "--quiet").wait(60) == 0
    assert home.control("hooks", "--try", "done").returncode == 0
    home.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={tmp_path}/none"
    tried = home.control("hooks", "--try", "done")
    assert tried.returncode == 1
    assert b"on_done.notify: it ended with exit code 1; it said: " in tried.stdout
