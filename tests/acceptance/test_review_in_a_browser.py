"""A review in the Chromium of the system: what is corrected is kept, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from tests.acceptance.browser import (
    Interview,
    Server,
    focus,
    needs_browser,
    ready,
    until,
    word,
)

pytestmark = needs_browser


def test_a_correction_is_in_every_output_and_undo_takes_it_back(
    page: Any, interview: Interview, server: Server
) -> None:
    """A mark with the capital after it, a word for the glossary, a paragraph, a name."""
    source = interview.source.read_bytes()
    ready(page, server.address)
    focus(word(page, "soil"))
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
    focus(word(first, "soil"))
    first.keyboard.press("!")
    until(first, "document.querySelector('#say').textContent.startsWith('Saved')")
    focus(word(second, "shed"))
    second.keyboard.press("!")
    second.wait_for_selector("#trouble:not([hidden])")
    assert "not saved" in second.locator("#trouble").inner_text()
    assert interview.corrections()["revision"] == 1
    second.get_by_role("button", name="Load the newest text").click()
    second.wait_for_load_state()
    assert word(second, "soil").inner_text() == "soil!"


def test_an_offered_word_is_in_the_glossary_when_it_is_asked_for(
    page: Any, interview: Interview, server: Server
) -> None:
    """Not before: an offer changes no settings, and everything else in them stays."""
    settings = interview.home.path / "llasa.toml"
    before = settings.read_text()
    ready(page, server.address)
    word(page, "martin").dblclick()
    page.locator("dialog input").first.fill("Marten")
    page.get_by_label("glossary").check()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Notes (1)").click()
    assert settings.read_text() == before
    page.get_by_role("button", name="Add martin → Marten to the glossary").click()
    page.get_by_text("in the glossary").first.wait_for()
    assert settings.read_text() == f'{before.rstrip()}\n\n[glossary]\n"martin" = "Marten"\n'
    page.get_by_role("button", name="Close").click()
    assert page.get_by_role("button", name="Notes", exact=True).is_visible()
    settings.write_text(before)


def test_a_kill_in_the_middle_of_corrections_leaves_each_whole_or_not_at_all(
    page: Any, interview: Interview
) -> None:
    """Killed while keys are pressed: what the page called saved is there, in one readable file."""
    for round_ in range(3):
        killed = Server(interview)
        ready(page, killed.address)
        page.evaluate(
            "window.saved = 0; new MutationObserver(() => {"
            " if (llasa.say.textContent === 'Saved') saved++; })"
            ".observe(llasa.say, { childList: true })"
        )
        before = len(interview.corrections()["operations"]) if round_ else 0
        focus(page.locator("main p > span[data-i]").nth(20 + 30 * round_))
        for n in range(30):
            page.keyboard.press("u")
            page.keyboard.press("Shift+ArrowRight")
            if n == 12 + round_:
                killed.end(signal.SIGKILL)
        page.wait_for_selector("#trouble:not([hidden])")
        saved = page.evaluate("saved")
        found = interview.corrections()
        assert len(found["operations"]) >= before + saved
        assert [o["id"] for o in found["operations"]] == sorted(
            o["id"] for o in found["operations"]
        )
        assert found["revision"] >= len(found["operations"])
        assert len({o["at"] for o in found["operations"]}) == len(found["operations"])
    again = Server(interview)
    ready(page, again.address)
    again.end()
    made = json.loads((interview.folder / "talk.metadata.json").read_text())["corrections"]
    places = {operation["at"] for operation in interview.corrections()["operations"]}
    assert (made["applied"], made["misfits"]) == (len(places), [])


def test_a_redo_while_a_window_is_open_keeps_its_corrections_and_those_that_follow(
    page: Any, interview: Interview, server: Server
) -> None:
    """The file is written again between two keys of one window."""
    ready(page, server.address)
    focus(word(page, "soil"))
    page.keyboard.press("!")
    until(page, "document.querySelector('#say').textContent.startsWith('Saved')")
    interview.control("redo", str(interview.source))
    interview.drain()
    focus(word(page, "shed"))
    page.keyboard.press("?")
    until(page, "document.activeElement.textContent.endsWith('?')")
    server.end()
    assert "soil!" in interview.text()
    assert "shed?" in interview.text()
    assert len(interview.corrections()["operations"]) >= 2


def test_a_kill_and_a_redo_lose_no_correction(
    page: Any, interview: Interview, server: Server
) -> None:
    """What was saved before the kill is in the outputs of the next run."""
    ready(page, server.address)
    focus(word(page, "soil"))
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
