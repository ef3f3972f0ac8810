"""Style and script of the page lose what only a reader of their source needs, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import engine.render.page
from engine.render.page import smaller

FOLDER = Path(engine.render.page.__file__).parent
REVIEW = Path(__file__).parents[2] / "daemon" / "review"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("const a = 1;  // one\nlet b = a + +c;\n", "const a=1;let b=a+ +c;"),
        ('say("a  b // c" + \'/* d */\');', 'say("a  b // c"+\'/* d */\');'),
        ("`a  ${b ? `c  ${ d }` : \"}\"}  e` ;", "`a  ${b ? `c  ${ d }` : \"}\"}  e`;"),
        ("x = a / b / c;", "x=a/b/c;"),
        ("y = /[/ ]  \\/$/.test(z) ;", "y=/[/ ]  \\/$/.test(z);"),
        ("return a in b;", "return a in b;"),
        ("f()\ng()", "f()\ng()"),
        ("if (a) {\n  b();\n}\nc();", "if(a){b();}\nc();"),
        ("a\n  .b()\n  .c();", "a.b().c();"),
        ("let a = 0.5 ;", "let a=0.5;"),
        ("[ ...a , ...b ]", "[...a,...b]"),
    ],
)  # fmt: skip
def test_a_script_keeps_strings_templates_and_patterns(source: str, written: str) -> None:
    """A line break that might end a statement stays; making it smaller again changes nothing."""
    assert smaller.script(source) == written
    assert smaller.script(written) == written


def test_a_template_that_does_not_end_is_an_error() -> None:
    """Half a script would be a page that does nothing."""
    with pytest.raises(ValueError, match="does not end"):
        smaller.script("const a = `b ${c}")


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("a :is(b, c) > d { e: f g; }\n", "a :is(b,c)>d{e:f g}"),
        ("/* why */ p::before { content: attr(data-s) \" {  ; \" }",
         'p::before{content:attr(data-s) " {  ; "}'),
        ("@media (min-width: 54rem) and (x) { p { width: calc(1px + 2px) } }",
         "@media (min-width:54rem) and (x){p{width:calc(1px + 2px)}}"),
        (":root { --a: #fff;\n  --b: none }", ":root{--a:#fff;--b:none}"),
        ("a :hover, b { c: d !important }", "a :hover,b{c:d !important}"),
    ],
)  # fmt: skip
def test_a_style_keeps_strings_selectors_and_sums(source: str, written: str) -> None:
    """A space that means something stays."""
    assert smaller.style(source) == written
    assert smaller.style(written) == written


@pytest.mark.parametrize("path", [FOLDER / "page.js", REVIEW / "review.js"], ids=lambda p: p.name)
def test_our_scripts_are_the_same_words_in_the_same_order(path: Path) -> None:
    """Without comments, white space is all that differs."""
    source = path.read_text()
    code = "\n".join(line for line in source.splitlines() if not line.strip().startswith("// "))
    code = re.sub(r"/\*.*?\*/", "", code)  # no string of ours holds one
    bare = re.compile(r"\s+")
    assert bare.sub("", smaller.script(source)) == bare.sub("", code)


def test_script_and_style_of_the_page_stay_small() -> None:
    """Every page carries them: 15 kB at most."""
    script = smaller.script((FOLDER / "page.js").read_text())
    style = smaller.style((FOLDER / "page.css").read_text())
    assert len(script.encode()) + len(style.encode()) < 15_000
