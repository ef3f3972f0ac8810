"""Style and script of the page lose what only a reader of their source needs, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import engine.render.page
from engine.render.page import _asset

FOLDER = Path(engine.render.page.__file__).parent


def test_the_script_is_the_same_words_in_the_same_order() -> None:
    """Without comments, white space is all that differs: no string, template or pattern is cut."""
    source = (FOLDER / "page.js").read_text()
    code = "\n".join(line for line in source.splitlines() if not line.strip().startswith("// "))
    code = re.sub(r"/\*.*?\*/", "", code)  # no string of ours holds one
    bare = re.compile(r"\s+")
    assert bare.sub("", _asset("page.js")) == bare.sub("", code)


def test_strings_of_the_style_stay() -> None:
    """What is shown by the style is shown as it was written."""
    texts = re.compile(r'"[^"]*"')
    found = texts.findall(re.sub(r"/\*.*?\*/", "", (FOLDER / "page.css").read_text(), flags=re.S))
    assert texts.findall(_asset("page.css")) == found


def test_script_and_style_of_the_page_stay_small() -> None:
    """Every page carries them: 15 kB at most."""
    assert len((_asset("page.js") + _asset("page.css")).encode()) < 15_000
