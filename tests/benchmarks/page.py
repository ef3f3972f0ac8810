"""Measure the page in Chromium: `uv run python -m tests.benchmarks.page [MINUTES]`.

It needs the group `browser` (`uv sync --group browser`) and the system's Chromium. A page of an
hour, 170 words a minute with times, four speakers, changes, doubts and removed loops, is opened
from its file in a window of 1280 × 900. All figures come from the browser's own trace:

- *interactive*: from the start of the navigation to the first frame that is drawn after the page's
  script has run;
- *longest task*: on the page's main thread, while it opens, and while it is scrolled;
- *processor*: of these, the time in which the processor worked, which other load does not prolong;
- *frames*: those that were presented and those that were dropped while it is scrolled for two
  seconds at 7,200 pixels a second, from its begin, and from its middle after a jump there.

Each figure is the median of five runs, each in a new process, after one that does not count.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine import render
from engine.records import Document, Removal
from tests.engine.output_samples import document, metadata_of, paragraph

RUNS: Final = 5
WORDS_A_MINUTE: Final = 170
SCROLL_S: Final = 2
CATEGORIES: Final = (
    "blink.user_timing", "loading", "devtools.timeline", "devtools.timeline.frame",
    "disabled-by-default-devtools.timeline", "disabled-by-default-devtools.timeline.frame",
)  # fmt: skip
_SYLLABLES: Final = "ba den gro lin mes tor ka vi nu she al pre sto win ger".split()  # noqa: SIM905


def interview(minutes: float) -> Document:
    """Return a conversation of so many minutes, the same at every call."""
    source = random.Random(17)
    paragraphs = []
    removals = []
    count = 0
    while count < minutes * WORDS_A_MINUTE:
        size = source.randint(30, 130)
        raw = ["".join(source.choices(_SYLLABLES, k=source.randint(1, 4))) for _ in range(size)]
        marked = [word + source.choice((".", ",", *[""] * 8)) for word in raw]
        made = paragraph(
            " ".join([marked[0].capitalize(), *marked[1:]]),
            source=" ".join(raw),
            start_s=count * 60 / WORDS_A_MINUTE,
            speaker=f"SPEAKER_0{source.randrange(4)}",
            word_s=60 / WORDS_A_MINUTE,
        )
        paragraphs.append(
            tuple(
                replace(
                    each,
                    word=replace(each.word, index=count + n, confidence=source.random() ** 0.1),
                )
                for n, each in enumerate(made)
            )
        )
        if source.random() < 0.2:
            at = made[0].word.start_s
            removals.append(Removal("loops", "thank you " * 20, at, at, 40, index=count))
        count += size
    return document(paragraphs, removals=tuple(removals))


def traced(browser: Any, act: Any) -> list[dict[str, Any]]:
    """Do something while the browser keeps its trace, and return the trace."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        browser.start_tracing(path=path, categories=list(CATEGORIES))
        act()
        browser.stop_tracing()
        found: list[dict[str, Any]] = json.loads(path.read_text())["traceEvents"]
    return found


def main_thread(events: list[dict[str, Any]]) -> tuple[int, int]:
    """Return process and thread of the page: where its marks are made."""
    mark = next(e for e in events if e["name"] == "navigationStart" and _is_page(e))
    return mark["pid"], mark["tid"]


def _is_page(event: dict[str, Any]) -> bool:
    data = event.get("args", {}).get("data", {})
    return str(data.get("documentLoaderURL", "")).startswith("file:")


def tasks(
    events: list[dict[str, Any]], thread: tuple[int, int], *, until: float = float("inf")
) -> list[dict[str, Any]]:
    """Return the tasks of a thread that begin before a moment."""
    return [
        e
        for e in events
        if (e["pid"], e["tid"]) == thread
        and e["name"] == "RunTask"
        and "dur" in e
        and e["ts"] < until
    ]


def longest_ms(found: list[dict[str, Any]], key: str = "dur") -> float:
    """Return how long the longest task took; with `tdur`, of the processor's time."""
    return max((e.get(key, 0) / 1e3 for e in found), default=0.0)


def opened(browser: Any, address: str) -> tuple[Any, dict[str, float]]:
    """Open the page in a new window; return it, and what it took."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})

    def act() -> None:
        page.goto(address)
        page.wait_for_timeout(2000)

    events = traced(browser, act)
    thread = main_thread(events)
    begin = next(e["ts"] for e in events if e["name"] == "navigationStart" and _is_page(e))
    own = [e for e in events if (e["pid"], e["tid"]) == thread and e["ts"] >= begin]
    scripts = [e for e in own if e["name"] == "EvaluateScript" and e.get("dur", 0) > 0]
    ran = max(e["ts"] + e["dur"] for e in scripts if _url(e).startswith("file:"))
    painted = min(e["ts"] + e.get("dur", 0) for e in own if e["name"] == "Paint" and e["ts"] >= ran)
    layouts = sum(e.get("dur", 0) for e in own if e["name"] in ("Layout", "UpdateLayoutTree"))
    return page, {
        "interactive_ms": (painted - begin) / 1e3,
        "script_ms": sum(e["dur"] for e in scripts if _url(e).startswith("file:")) / 1e3,
        "layout_ms": layouts / 1e3,
        "longest_ms": longest_ms(tasks(own, thread)),
        "processor_ms": sum(e.get("tdur", 0) for e in tasks(own, thread, until=painted)) / 1e3,
        "longest_processor_ms": longest_ms(tasks(own, thread), "tdur"),
    }


def _url(event: dict[str, Any]) -> str:
    return str(event.get("args", {}).get("data", {}).get("url", ""))


def scrolled(browser: Any, page: Any, top: float) -> dict[str, float]:
    """Jump to a share of the page, scroll on from there, and return how it went."""
    client = page.context.new_cdp_session(page)
    page.evaluate("top => scrollTo(0, document.body.scrollHeight * top)", top)
    page.wait_for_timeout(300)

    def act() -> None:
        client.send(
            "Input.synthesizeScrollGesture",
            {"x": 640, "y": 400, "yDistance": -7200 * SCROLL_S, "speed": 7200,
             "gestureSourceType": "mouse", "preventFling": True},
        )  # fmt: skip

    events = traced(browser, act)
    busy: dict[tuple[int, int], int] = {}
    for event in events:
        if event["name"] in ("Paint", "PrePaint", "UpdateLayoutTree"):
            busy[event["pid"], event["tid"]] = busy.get((event["pid"], event["tid"]), 0) + 1
    thread = max(busy, key=lambda each: busy[each])
    counts: dict[str, int] = {}
    for event in (e for e in events if e["pid"] == thread[0]):
        counts[event["name"]] = counts.get(event["name"], 0) + 1
    return {
        "longest_ms": longest_ms(tasks(events, thread)),
        "longest_processor_ms": longest_ms(tasks(events, thread), "tdur"),
        "drawn": counts.get("DrawFrame", 0),
        "dropped": counts.get("DroppedFrame", 0),
    }


def main() -> None:
    """Make the page, open and scroll it, and print the table."""
    from playwright.sync_api import sync_playwright

    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine.")
    made = interview(minutes)
    text = render.html(made, metadata_of(made, removals=made.removals))
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder) / "talk.enhanced.html"
        path.write_text(text)
        for run in range(RUNS + 1):
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page, found = opened(browser, path.as_uri())
            figures = {f"open {key}": value for key, value in found.items()}
            for place, top in (("begin", 0), ("middle", 0.5)):
                done = scrolled(browser, page, top)
                figures |= {f"scroll from the {place}, {key}": done[key] for key in done}
            nodes = page.evaluate("document.getElementsByTagName('*').length")
            version = browser.version
            browser.close()
            print(f"run {run}:", *(round(value) for value in figures.values()), flush=True)
            for key, value in figures.items() if run else ():
                rows.setdefault(key, []).append(value)
    words = sum(map(len, made.paragraphs))
    print(f"Chromium {version}, load of the machine {os.getloadavg()[0]:.1f}")
    print(f"{minutes:g} minutes, {words:,} words, {len(text):,} bytes, {nodes:,} elements")
    for key, values in rows.items():
        shown = " ".join(f"{value:.0f}" for value in values)
        print(f"{key:36} median {statistics.median(values):6.0f}   ({shown})")


if __name__ == "__main__":
    main()
