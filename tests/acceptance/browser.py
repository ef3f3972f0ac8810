"""The Chromium of the system, a finished interview and a review of it, for tests that use them.

A module that uses them is marked with `needs_browser`; `conftest.py` hands the fixtures out.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import Home
from tests.acceptance.interview import recording, transcript

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or importlib.util.find_spec("playwright") is None,
    reason="needs Chromium and the group `browser` (uv sync --group browser)",
)
ROOT = Path(__file__).parents[2]
LLASACTL = (sys.executable, "-u", "-c", "from daemon.control import main; main()")
PATIENCE_S = 250.0


class Interview:
    """A home with one finished interview, written by the light child."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.transcripts
        self.source = home.drop("talk.json", transcript())
        recording(self.folder / "talk.wav")
        self.drain()

    @property
    def page(self) -> str:
        return (self.folder / "talk.enhanced.html").as_uri()

    def drain(self) -> None:
        done = self.home.drain(patience_s=PATIENCE_S)
        assert done.returncode == 0, done.stdout

    def control(self, *arguments: str) -> None:
        """Run llasactl on the home to its end."""
        done = subprocess.run(
            [*LLASACTL, "--home", str(self.home.path), *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def text(self, kind: str = "txt") -> str:
        return (self.folder / f"talk.enhanced.{kind}").read_text()

    def corrections(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "talk.corrections.json").read_text())
        return found


class Server:
    """`llasactl review` as a process."""

    def __init__(self, made: Interview) -> None:
        self.process = subprocess.Popen(
            [*LLASACTL, "--home", str(made.home.path), "review", "--no-browser", str(made.source)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        lines = []
        self.address = ""
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("page"):
                self.address = line.split()[1]
                break
        assert self.address, "".join(lines)

    def end(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)
        self.process.wait(60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Interview:
    """A home whose interview was enhanced once."""
    folder = tmp_path_factory.mktemp("page")
    return Interview(Home(folder, settings='outputs = ["txt", "srt", "html"]'))


@pytest.fixture
def interview(made: Interview) -> Interview:
    """The same without corrections."""
    if (made.folder / "talk.corrections.json").exists():
        (made.folder / "talk.corrections.json").unlink()
        made.control("render", str(made.source))
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright import sync_api as playwright

    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1100, "height": 420})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def server(interview: Interview) -> Iterator[Server]:
    started = Server(interview)
    yield started
    if started.process.poll() is None:
        started.end()


def ready(page: Any, address: str) -> None:
    """Open a page and wait until its recording can be played."""
    page.goto(address)
    until(page, "llasa.audio.readyState > 0")


def until(page: Any, expression: str) -> None:
    """Wait until an expression holds; the page's policy forbids the driver's own way to wait."""
    for _ in range(1200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def place(page: Any) -> float:
    return float(page.evaluate("llasa.audio.currentTime"))


def word(page: Any, said: str) -> Any:
    return page.locator("main p > span").filter(
        has_text=re.compile(rf"^{said}\W*$", re.IGNORECASE)
    ).first  # fmt: skip


def focus(word: Any) -> None:
    """Give a word the focus, as the arrows do: one word alone can be reached by Tab."""
    word.evaluate("word => llasa.focus(word)")
