"""The page and the review server, driven by the Chromium of the system."""

from __future__ import annotations

import json
import os
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

playwright = pytest.importorskip(
    "playwright.sync_api", reason="the group `browser` is not installed (uv sync --group browser)"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
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


def test_a_click_or_enter_on_a_word_plays_from_it(page: Any, made: Interview) -> None:
    """From a file, without a server: the recording lies beside it."""
    ready(page, made.page)
    martin = word(page, "martin")
    martin.click()
    begins = int(martin.get_attribute("data-m")) / 1000
    until(page, "!llasa.audio.paused")
    assert begins <= place(page) < begins + 3
    page.keyboard.press(" ")
    until(page, "llasa.audio.paused")
    shed = word(page, "shed")
    shed.focus()
    page.keyboard.press("Enter")
    assert place(page) >= int(shed.get_attribute("data-m")) / 1000


def test_every_key_does_what_the_page_says(page: Any, made: Interview) -> None:
    """Space, arrows, speed, search, changes, doubts, help."""
    ready(page, made.page)
    page.evaluate("llasa.seek(20)")
    page.keyboard.press("ArrowRight")
    assert place(page) == pytest.approx(25, abs=0.5)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert place(page) == pytest.approx(15, abs=0.5)
    page.keyboard.press("]")
    assert page.evaluate("llasa.audio.playbackRate") == 1.25
    page.keyboard.press("[")
    page.keyboard.press("[")
    assert page.evaluate("llasa.audio.playbackRate") == 0.75
    assert not page.locator("del").first.is_visible()
    page.keyboard.press("c")
    assert page.locator("del").first.is_visible()
    assert "loop of Whisper" in page.locator("del").last.text_content()
    assert page.locator("body.doubts").count() == 1
    page.keyboard.press("d")
    assert page.locator("body.doubts").count() == 0
    page.keyboard.press("?")
    assert page.locator("#view").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("cold soil")
    until(page, "document.querySelector('#say').textContent == '1 of 1'")
    assert page.locator(".here").all_inner_texts()[0] == "cold"
    page.keyboard.press("Escape")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Shift+ArrowRight")
    assert first == "cold"
    assert page.evaluate("document.activeElement.textContent").startswith("soil")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.closest('p').dataset.w") == "SPEAKER_01"


def test_the_page_follows_the_voice_until_the_reader_scrolls(page: Any, made: Interview) -> None:
    """And again when asked."""
    page.set_viewport_size({"width": 500, "height": 360})
    page.emulate_media(reduced_motion="reduce")  # so that no movement is under way
    ready(page, made.page)
    page.evaluate("llasa.seek(45, true)")
    until(page, "document.querySelector('.now') && scrollY > 100")
    page.mouse.move(200, 100)
    page.mouse.wheel(0, -3000)
    until(page, "!document.querySelector('#follow').hidden && scrollY < 60")
    page.evaluate("llasa.seek(48)")
    page.wait_for_timeout(400)
    assert page.evaluate("scrollY") < 60
    page.locator("#follow").click()
    until(page, "scrollY > 100")


def test_a_link_leads_to_a_moment(page: Any, made: Interview) -> None:
    """In seconds or as a clock; the word has the focus, nothing plays by itself."""
    ready(page, made.page + "#t=0:20")
    assert place(page) == pytest.approx(20, abs=0.6)
    assert page.evaluate("document.activeElement.classList.contains('now')")
    assert page.evaluate("llasa.audio.paused")
    page.locator("main .t").nth(1).click()
    assert re.fullmatch(r"#t=\d+", page.evaluate("location.hash"))


def test_one_speaker_alone_is_shown(page: Any, made: Interview) -> None:
    """The others are hidden, also from a screen reader."""
    ready(page, made.page)
    page.locator("summary").click()
    page.get_by_role("button", name="SPEAKER_01").click()
    shown = page.evaluate(
        "[...document.querySelectorAll('main p[data-w]')].filter(p => !p.hidden)"
        ".map(p => p.dataset.w)"
    )
    assert set(shown) == {"SPEAKER_01"}


def test_nothing_is_in_the_way_of_anybody(
    browser: Any, interview: Interview, server: Server
) -> None:
    """Axe finds nothing: file and server, light and dark, with everything shown."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for address in (interview.page, server.address):
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
            page = context.new_page()
            ready(page, address)
            page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
            page.keyboard.press("c")
            word(page, "martin").click()
            if address is server.address:
                page.keyboard.press("e")
            found = axe.run(page).response["violations"]
            assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
            context.close()


def test_a_correction_is_in_every_output_and_undo_takes_it_back(
    page: Any, interview: Interview, server: Server
) -> None:
    """A mark with the capital after it, a word for the glossary, a paragraph, a name."""
    source = interview.source.read_bytes()
    ready(page, server.address)
    word(page, "soil").focus()
    said = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("!")
    until(page, "document.activeElement.textContent.endsWith('!')")
    page.keyboard.press("p")
    until(
        page,
        "llasa.all('span', document.activeElement.closest('p')).at(-1) === document.activeElement",
    )
    word(page, "martin").dblclick()
    page.locator("dialog input").first.fill("Marten,")
    page.get_by_label("glossary").check()
    page.keyboard.press("Enter")
    until(page, "document.activeElement.textContent == 'Marten,'")
    page.get_by_role("button", name="Names").click()
    page.get_by_label("SPEAKER_00").fill("Ada")
    page.get_by_role("button", name="Save").click()
    until(page, "document.querySelector('main b').textContent == 'Ada'")
    page.reload()
    until(page, "document.querySelector('main b').textContent == 'Ada'")
    assert word(page, "Marten").inner_text() == "Marten,"
    server.end()
    for kind in ("txt", "srt", "html"):
        assert "Marten," in interview.text(kind)
        assert "Ada" in interview.text(kind)
    assert "soil!\n\n" in interview.text()
    assert interview.source.read_bytes() == source
    kinds = [o["op"] for o in interview.corrections()["operations"]]
    assert {"mark", "paragraph", "word", "name"} <= set(kinds)

    again = Server(interview)
    page.goto(again.address)
    while page.locator("#undo").is_enabled():
        before = page.evaluate("document.querySelector('#say').textContent = ''")
        page.locator("#undo").click()
        until(page, "document.querySelector('#say').textContent.startsWith('Saved')")
    assert before is None or before == ""
    assert word(page, "soil").inner_text() == said
    again.end()
    assert "Marten" not in interview.text()
    assert len(interview.corrections()["undone"]) == len(kinds)


def test_two_windows_do_not_overwrite_each_other(
    browser: Any, interview: Interview, server: Server
) -> None:
    """The second one is told, and its change was not saved."""
    first, second = (browser.new_context().new_page() for _ in range(2))
    for page in (first, second):
        ready(page, server.address)
    word(first, "soil").focus()
    first.keyboard.press("!")
    until(first, "document.querySelector('#say').textContent.startsWith('Saved')")
    word(second, "shed").focus()
    second.keyboard.press("!")
    second.wait_for_selector("#trouble:not([hidden])")
    assert "not saved" in second.locator("#trouble").inner_text()
    assert interview.corrections()["revision"] == 1
    second.get_by_role("button", name="Load the newest text").click()
    second.wait_for_load_state()
    assert word(second, "soil").inner_text() == "soil!"


def test_a_kill_and_a_redo_lose_no_correction(
    page: Any, interview: Interview, server: Server
) -> None:
    """What was saved before the kill is in the outputs of the next run."""
    ready(page, server.address)
    word(page, "soil").focus()
    page.keyboard.press("!")
    until(page, "document.querySelector('#say').textContent.startsWith('Saved')")
    server.end(signal.SIGKILL)
    assert interview.corrections()["operations"][0]["to"] == "!"
    interview.control("redo", str(interview.source))
    interview.drain()
    assert "soil!" in interview.text()
    assert not [name for name in os.listdir(interview.folder) if name.endswith(".tmp")]
    metadata = json.loads((interview.folder / "talk.metadata.json").read_text())
    assert metadata["corrections"]["misfits"] == []
