"""Names, transcripts and a model's answers are untrusted: none may control the terminal."""

from __future__ import annotations

import json
import os
import re

from state.job import Status
from tests.acceptance.harness import Home, spoken, talk
from tests.acceptance.invariants import check

ESCAPE = "\x1b[2J\x1b]0;title\x07"
OSC52 = "\x1b]52;c;ZXZpbA==\x07"
C1 = "\x9b31m\x90\x85"
BIDI = "\u202egpj\u2066\u2069\u200f"
LINES = "\r\nFAKE 12:00:00 job.done job_id=1\u2028\u2029"
EVIL = (ESCAPE, OSC52, C1, BIDI, LINES, "\x08\x08\x7f")
NAMES: tuple[str | bytes, ...] = (
    "esc\x1b[31mred\x1b]52;c;ZXZpbA==\x07.json",
    "c1\x9b31m.json",
    "bidi\u202egpj.json",
    "line\nFAKE job.done\r.json",
    b"invalid\xff\xfe.json",
    "del\x7fback\x08.json",
    "separators\u2028\u2029.json",
    "[bold red]markup[/bold red].json",
    "--help.json",
    "; rm -rf ~ $(id) `id`.json",
)
# What we never send to a terminal: C0 but tab and newline, DEL, C1, directions, separators.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def raw_control(data: bytes) -> str | None:
    """Return the first forbidden character of what a command printed, with its surroundings."""
    text = data.decode("utf-8")
    found = FORBIDDEN.search(text)
    return None if found is None else ascii(text[max(0, found.start() - 30) : found.end() + 30])


def test_no_command_prints_a_raw_control_character(home: Home) -> None:
    """This holds for screens and JSON, with hostile names and errors that quote them."""
    # A document whose own keys would be quoted in a reason, and one with hostile text.
    strange = {f"key{evil}": evil for evil in EVIL}
    hostile = spoken(*(f"word {evil} more{evil}words" for evil in EVIL))
    hostile["language"] = f"en{ESCAPE}"
    paths = []
    for number, name in enumerate(NAMES):
        content = (talk("fine"), strange, hostile, b"{" + OSC52.encode() + b"}")[number % 4]
        paths.append(home.drop(name, content))
    assert home.drain().returncode == 1
    assert len(home.jobs()) == len(NAMES)
    ids = [str(job.id) for job in home.jobs()]
    commands = [
        ("--help",),
        ("status",),
        ("status", "--json"),
        ("jobs",),
        ("jobs", "--json"),
        ("retry", "--failed"),
        ("retry", f"nothing{ESCAPE}"),
        ("show", f"nothing{ESCAPE}{BIDI}"),
        (f"nosuch{ESCAPE}",),
        ("jobs", f"--{ESCAPE}"),
        ("jobs", "--status", ESCAPE),
        ("add", f"missing{ESCAPE}\n{BIDI}.json"),
        ("--home", f"/nowhere{ESCAPE}{C1}", "status"),
        *(("show", number) for number in ids),
        *(("show", number, "--json") for number in ids[:3]),
        *(("add", os.fsencode(path).decode("utf-8", "surrogateescape")) for path in paths[:3]),
    ]
    shown = 0
    for command in commands:
        done = home.control(*command)
        for data in (done.stdout, done.stderr):
            assert raw_control(data) is None, (command, raw_control(data))
        assert b"Traceback" not in done.stderr, (command, done.stderr)
        shown += len(done.stdout) > 0
        if "--json" in command:
            json.loads(done.stdout)
            assert done.stdout.isascii()
    assert shown > 20
    check(home)


def test_the_log_keeps_one_record_a_line_and_no_control_character(home: Home) -> None:
    """Hostile names reach the log file and the daemon's own terminal output escaped."""
    for name in NAMES:
        home.drop(name, talk("fine"))
    done = home.drain()
    assert done.returncode == 0
    assert raw_control(done.stdout.encode()) is None
    files = list(home.places.logs.iterdir())
    for file in files:
        data = file.read_bytes()
        assert raw_control(data) is None
        assert data.isascii()
    for line in b"".join(file.read_bytes() for file in files).splitlines():
        record = json.loads(line)
        assert {"at", "level", "event"} <= record.keys()
    queued = {record["path"] for record in home.log("job.queued")}
    assert len(queued) == len(NAMES)
    check(home)


def test_a_childs_complaints_reach_the_log_escaped(home: Home) -> None:
    """The output of a model child is untrusted too."""
    home.script({"word": "a0", "do": "escape", "times": 1})
    home.drop("a.json", talk("a"))
    done = home.drain()
    assert done.returncode == 0
    assert home.fired("escape") == 1
    assert home.log("model.said")
    assert raw_control(done.stdout.encode()) is None
    for file in home.places.logs.iterdir():
        assert raw_control(file.read_bytes()) is None
    check(home)


def test_outputs_hold_no_control_character_of_the_source(home: Home) -> None:
    """Text and metadata are safe to `cat`, whatever the transcript contains."""
    path = home.drop("a.json", spoken(*(f"word {evil} more{evil}words" for evil in EVIL)))
    assert home.drain().returncode == 0
    assert home.ended(path).status is Status.DONE
    for output in home.transcripts.iterdir():
        if output != path:
            # The marks of right-to-left text belong to it and move nothing else.
            data = re.sub("[\u200e\u200f]", "", output.read_text("utf-8")).encode()
            assert raw_control(data) is None, output.name
    check(home)


def test_no_text_of_a_transcript_reaches_the_log(home: Home) -> None:
    """An interview must not end up in the log."""
    home.script({"word": "secret7", "do": "fail", "times": 1})
    home.drop("a.json", talk("secret", 40))
    home.drop("b.json", b'{"segments": [{"text": "secretive words"')
    home.drop("c.json", {"secretkey": "secretive value"})
    home.drain()
    assert home.fired("fail") == 1
    said = b"".join(file.read_bytes() for file in home.places.logs.iterdir())
    assert b"secret" not in said.replace(b"secretkey", b"")
    check(home)
