"""Write docs/screens/*.png: the page and a review of a short interview, in Chromium.

`uv run python docs/making/pictures.py`, with the group `browser` (`uv sync --group browser`) and
the system's Chromium. The interview is that of the tests, enhanced by the embedded model in a home
of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.acceptance.interview import recording, transcript

ROOT: Final = Path(__file__).parents[2]
TARGET: Final = ROOT / "docs" / "screens"
NAMES: Final = ("SPEAKER_00=Ada", "SPEAKER_01=Grace")
MOMENT: Final = "#t=0:24"
PAPER_A5: Final = (467, 663)  # pixels of a page without its margins


def main() -> None:
    """Make a home with the interview, and take every picture."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        home = Path(folder)
        source = prepared(home)
        browser = driver.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        page = source.with_name("the allotment.enhanced.html").as_uri() + MOMENT
        light(browser, page)
        dark(browser, page)
        narrow(browser, page)
        printed(browser, page)
        with review(home, source) as address:
            word(browser, address)
            notes(browser, address)
        browser.close()
    sys.stdout.write(f"written in {TARGET}; look at each\n")


def prepared(home: Path) -> Path:
    """Enhance the interview in a home, and name who speaks; return the transcript."""
    source = home / "var" / "transcripts" / "the allotment.json"
    source.parent.mkdir(parents=True)
    source.write_bytes(transcript())
    recording(source.with_suffix(".wav"), seconds=90)
    (home / "llasa.toml").write_text('settle_s = 0.2\noutputs = ["html"]\n')
    run("daemon.start", "--home", str(home), "--drain", "--quiet")
    run("daemon.control", "--home", str(home), "speakers", str(source), *NAMES)
    return source


def run(module: str, *arguments: str) -> None:
    """Run one of our commands."""
    subprocess.run([*program(module), *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def program(module: str) -> list[str]:
    """Return how a command is started with this Python."""
    return [sys.executable, "-u", "-c", f"from {module} import main; main()"]


def opened(browser: Any, address: str, width: int, height: int, **options: Any) -> Any:
    """Open a page and wait for its recording."""
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.goto(address)
    for _ in range(200):
        if page.evaluate("llasa.audio.readyState > 0"):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)
    return page


def saved(page: Any, name: str) -> None:
    """Take a picture of a page's window, and close the page."""
    page.screenshot(path=TARGET / f"{name}.png")
    page.context.close()


def light(browser: Any, address: str) -> None:
    """A moment of the recording."""
    saved(opened(browser, address, 1000, 760), "page-light")


def dark(browser: Any, address: str) -> None:
    """What was changed and removed, and the menu."""
    page = opened(browser, address, 1000, 760, color_scheme="dark")
    page.keyboard.press("c")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    saved(page, "page-dark")


def narrow(browser: Any, address: str) -> None:
    """A telephone."""
    saved(opened(browser, address, 390, 760), "page-narrow")


def printed(browser: Any, address: str) -> None:
    """What goes to paper: the size of A5."""
    page = opened(browser, address.partition("#")[0], *PAPER_A5)
    page.emulate_media(media="print")
    saved(page, "page-print")


def word(browser: Any, address: str) -> None:
    """A word that is corrected."""
    page = opened(browser, address, 1000, 720)
    page.locator("main p > span", has_text=re.compile("^Martin")).first.dblclick()
    page.wait_for_timeout(300)
    saved(page, "review")


def notes(browser: Any, address: str) -> None:
    """A pair that is offered to the glossary."""
    page = opened(browser, address, 1000, 720)
    page.locator("main p > span", has_text=re.compile("^Martin")).first.dblclick()
    page.locator("dialog input").first.fill("Marten")
    page.get_by_label("glossary").check()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Notes").click()
    page.wait_for_timeout(300)
    saved(page, "review-glossary")


@contextmanager
def review(home: Path, source: Path) -> Iterator[str]:
    """Serve a review of the transcript; yield its address."""
    started = subprocess.Popen(
        [*program("daemon.control"), "--home", str(home), "review", "--no-browser", str(source)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert started.stdout is not None
    lines = iter(started.stdout)
    yield next(line.split()[1] for line in lines if line.startswith("page"))
    started.terminate()
    started.wait(30)


if __name__ == "__main__":
    main()
