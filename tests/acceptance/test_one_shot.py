"""llasa-cli as a user has it in a clone: every form, with the small chat model of the dev group."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.terminal import Terminal
from tests.chat_model import smollm2

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "daemon" / "samples"
COMMAND = (sys.executable, "-P", "-m", "daemon.one_shot")
PODCAST = (
    "Today we talk about rain gardens. A rain garden collects water from the roof. "
    "It keeps the water in the ground, so the drains stay empty. My neighbour built one last year. "
    "The rain garden is full of irises and frogs. Nobody waters it in summer. "
    "We asked her what it cost, and she said it was the price of a bicycle. "
    "A rain garden needs a hand's depth of sand below the soil. Next week we talk about compost."
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache of a user who has no model yet; the first use makes the small one."""
    smollm2()  # skips where it is not installed
    return tmp_path_factory.mktemp("cache")


class Clone:
    """A folder like a fresh clone: settings, and transcripts in the watched folder."""

    def __init__(self, path: Path, cache: Path) -> None:
        self.path = path
        self.transcripts = path / "var" / "transcripts"
        self.transcripts.mkdir(parents=True)
        shutil.copy(ROOT / "llasa.toml", path)
        shutil.copy(SAMPLES / "kitchen-note.json", self.transcripts / "audio.json")
        (self.transcripts / "podcast.txt").write_text(PODCAST)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLASA_", "HF_"))}
        self.environment = {
            **kept,
            "HOME": str(path / "user"),
            "XDG_CONFIG_HOME": str(path / "user" / ".config"),
            "XDG_CACHE_HOME": str(cache),
            "HF_HUB_CACHE": str(path / "user" / "hub"),
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words],
            cwd=self.path,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=280,
        )

    def terminal(self, *words: str) -> Terminal:
        return Terminal([*COMMAND, *words], folder=self.path, environment=self.environment)


@pytest.fixture
def clone(tmp_path: Path, cache: Path) -> Clone:
    return Clone(tmp_path / "llasa", cache)


def test_a_prompt_is_answered_without_naming_a_model(clone: Clone) -> None:
    """The best model on the machine writes; what it cost is said apart from the answer."""
    asked = "Explain machine learning on Apple Silicon"
    done = clone.run("--prompt", asked, "--max-tokens", "6", "--stats", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["model"] == "SmolLM2-135M-Instruct"
    assert found["answer"].split()
    assert (found["tokens"], found["finish"]) == (6, "length")
    assert "tokens/s" in done.stderr
    assert "MB" in done.stderr


def test_the_same_seed_gives_the_same_answer(clone: Clone) -> None:
    """A prompt may come from standard input, instructions beside it."""
    words = ("prompt", "-", "--max-tokens", "5", "--temperature", "1.2", "--top-p", "0.9")
    more = ("--seed", "7", "--system", "Answer in one word.")
    first, second = (clone.run(*words, *more, typed="A colour?") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip()
    assert first.stdout == second.stdout


def test_a_conversation_is_kept_and_continued(clone: Clone) -> None:
    """The second command knows what the first one was told, and a list shows it."""
    done = clone.run("--chat", "--max-tokens", "4", typed="My name is Ada.\n/exit\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    again = clone.run("chat", "--continue", "--max-tokens", "4", typed="Hello?\n")
    assert "My name is Ada." in again.stderr
    (row,) = json.loads(clone.run("chat", "--list", "--json").stdout)
    assert (row["title"], row["messages"]) == ("My name is Ada.", 4)
    assert "My name is Ada." in clone.run("chat", "--list").stdout


def test_a_transcript_is_enhanced_into_one_text(clone: Clone) -> None:
    """As the line of the manual has it."""
    text = "var/transcripts/audio_enhanced.txt"
    done = clone.run("--enhance-transcript", "var/transcripts/audio.json", "--output", text)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{text}\n"
    assert "the plumber came this morning" in (clone.path / text).read_text().lower()


def test_a_recording_is_described_into_a_folder_that_is_made(clone: Clone) -> None:
    """Everything is quoted from it, since no model was named."""
    output = "var/metadata/podcast_description.txt"
    done = clone.run(
        "--task",
        "describe-audio",
        "--transcript",
        "var/transcripts/podcast.txt",
        "--output",
        output,
    )
    assert done.returncode == 0, done.stderr
    text = (clone.path / output).read_text()
    for part in ("Description: ", "\nSummary\n", "\nKey points\n"):
        assert part in text
    assert "written by" not in text
    for line in re.findall(r"^- (.+)$", text, re.MULTILINE):
        assert line in PODCAST


@pytest.mark.skipif(
    "LLASA_TEST_WRITES" not in os.environ, reason="takes minutes: LLASA_TEST_WRITES=1"
)
def test_a_model_that_is_named_writes_too_and_is_named(clone: Clone) -> None:
    """The quoted title and description stay beside its own."""
    done = clone.run(
        "describe", "var/transcripts/podcast.txt", "--model", "SmolLM2-135M-Instruct", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["description"] in PODCAST
    assert found["written"] is None or found["written"]["by"] == "SmolLM2-135M-Instruct"
    assert found["written"] is not None or "nothing that can be used" in done.stderr


def test_a_batch_writes_into_a_folder_of_its_own(clone: Clone) -> None:
    """A shell makes many arguments of `*.json`; outputs of an earlier run are no transcripts."""
    files = ["var/transcripts/audio.json", "var/transcripts/b.json"]
    shutil.copy(SAMPLES / "allotment.json", clone.transcripts / "b.json")
    into = "var/transcripts/enhanced/"
    for _ in range(2):
        done = clone.run("--batch-enhance", *files, "--output-dir", into)
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in (clone.path / into).iterdir()) == [
            "audio.enhanced.txt",
            "audio.metadata.json",
            "b.enhanced.txt",
            "b.metadata.json",
        ]
    files += [f"{into}audio.metadata.json"]
    assert "skipped" in clone.run("--batch-enhance", *files, "--output-dir", into).stderr


def test_ctrl_c_ends_an_answer_and_not_the_conversation(clone: Clone) -> None:
    """On a real terminal; nothing of the answer is kept, and the child is ready for another."""
    with clone.terminal("chat", "--max-tokens", "600") as terminal:
        terminal.wait_for("you>")
        terminal.type("Tell me a very long story about a fox.\n")
        terminal.wait_for("about a fox.")
        while not re.search(r"[a-z]", terminal.wait_for(" ")):
            pass  # the first word of the answer
        terminal.type("\x03")
        terminal.wait_for("You ended the answer")
        terminal.wait_for("you>")
        terminal.type("/save\n")
        terminal.wait_for("nothing to keep")
        terminal.wait_for("you>")
        terminal.type("x")
        terminal.wait_for("x")  # the line editor is there
        time.sleep(0.5)  # and waits: CPython loses an interrupt that meets it between two waits
        terminal.type("\x03")
        terminal.wait_for("ends the conversation")
        terminal.wait_for("you>")
        terminal.type("z")
        terminal.wait_for("z")
        terminal.type("\x7f\x04")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.screen


def test_the_menu_shows_every_command_and_runs_it(clone: Clone) -> None:
    """With the header in colour; whatever a command ends with, the menu goes on."""
    with clone.terminal() as terminal:
        shown = terminal.wait_for("Number")
        assert "\x1b[" in shown
        for command in ("enhance FILE", "batch FILE...", "describe FILE", "prompt TEXT", "chat"):
            assert f"llasa-cli {command}" in shown
        terminal.type("3\n")
        terminal.wait_for("File> ")
        terminal.type("var/transcripts/podcast.txt\n")
        terminal.wait_for("$ llasa-cli describe var/transcripts/podcast.txt")
        assert "Key points" in terminal.wait_for("Number")
        terminal.type("1\n")
        terminal.wait_for("File> ")
        terminal.type("nosuch.json\n")
        terminal.wait_for("does not exist")
        terminal.wait_for("Number")
        terminal.type("77\n")
        terminal.wait_for("There is no 77")
        terminal.wait_for("Number")
        terminal.type("q\n")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.screen


def test_without_arguments_and_terminal_there_is_the_help(clone: Clone) -> None:
    """A menu that nobody can answer would wait for ever."""
    done = clone.run()
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: llasa-cli")


def test_without_a_model_that_writes_it_says_what_to_do(clone: Clone) -> None:
    """In two commands, and with the exit code of the environment."""
    (clone.path / "llasa.toml").write_text('chat_model = "punct"\n')
    done = clone.run("--prompt", "Why?")
    assert done.returncode == 3
    assert "punctuates and does nothing else" in done.stderr
    code = (
        "from engine.models import local; local.packaged_file = lambda: None\n"
        "from engine.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "--prompt", "Why?"],
        cwd=clone.path,
        env={**clone.environment, "XDG_CACHE_HOME": str(clone.path / "user" / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert "llasactl model pull" in done.stderr
    assert "llasa-cli chat --model" in done.stderr
