"""The page, driven by the Chromium of the system."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.acceptance.browser import (
    Interview,
    Server,
    focus,
    needs_browser,
    place,
    ready,
    until,
    word,
)

pytestmark = needs_browser


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
    focus(shed)
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
