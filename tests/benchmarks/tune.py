"""Teach the embedded model a house style from forty recordings, and measure what it learnt.

    uv run python tests/benchmarks/tune.py --folder DIR [--epochs 6] [--layers 2] [--model MODEL]

The recordings are excerpts of the held-out files of ../shared/data/corpora/en, written as a house
might want them: no comma before "and", em dashes, titles in capitals (MR, DR, PRESIDENT). They go
through `llasa-cli tune` as a user's would; DIR becomes the home. Beside its figures, the style's
own: F1 of em dashes and of titles, and how many commas stand before an "and". Seconds of the
processor are those of the children, too: on a busy machine only they can be compared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from click.testing import CliRunner

from engine.child.client import ModelClient
from engine.cli.context import CliContext
from engine.cli.main import llasa_cli
from engine.models import catalog
from engine.text import parts
from engine.tuning import figures, trials
from engine.tuning.store import Run

DATA = Path(__file__).parents[3] / "shared" / "data" / "corpora" / "en"
FILES = ("dev_podcasts.jsonl.gz", "dev.jsonl.gz")
WORDS = 700  # of a recording
ENDS = re.compile(r"[.?!:;,—-]['\"’”)]*$")
TITLES = (
    "mr|mrs|ms|dr|president|chairman|chairwoman|senator|secretary|minister|governor|professor"
    "|congressman|general"
)
TITLE = re.compile(rf"\b({TITLES})\b(?=[ .,'’?!;:]|$)", re.IGNORECASE)


class Home(CliContext):
    """A home without a daemon."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self._base = base

    @property
    def base(self) -> Path | None:
        return self._base


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="becomes the home")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--model", default=catalog.EMBEDDED)
    parser.add_argument("--words", type=int, default=1_000, help="of each shipped language")
    options = parser.parse_args()
    texts = options.folder / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    print("written:", dict(house_style(texts)))
    call(options.folder, "prepare", "--text", texts, "--language", "en")
    started, before = time.monotonic(), processor_s()
    call(
        options.folder, "train", "--model", options.model, "--epochs", options.epochs,
        "--layers", options.layers,
    )  # fmt: skip
    print(f"{time.monotonic() - started:.0f} s, {processor_s() - before:.0f} s of the processor")
    call(options.folder, "evaluate", "--words", options.words)
    run = Run.of(options.folder, "house")
    for model in (options.model, str(run.model)):
        print(model, json.dumps(style_of(model, run)))


def house_style(folder: Path) -> Counter[str]:
    """Write the recordings; returns how often each rule of the style was applied."""
    counts: Counter[str] = Counter()
    for name in FILES:
        with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                chunks = [chunk.strip() for chunk in json.loads(line)["text"].split("\n\n")]
                usable = [c for c in chunks if len(c.split()) >= 8 and ENDS.search(c)]
                text = "\n\n".join(_excerpt(usable[min(5, len(usable) // 4) :]))
                text, commas = re.subn(r",(\s+and\b)", r"\1", text)
                text, dashes = re.subn(r"\s*(?:--|—|\s–\s)\s*", " — ", text)
                text, titles = TITLE.subn(lambda found: found[0].upper(), text)
                counts.update(commas=commas, dashes=dashes, titles=titles, recordings=1)
                counts["words"] += len(text.split())
                (folder / f"{counts['recordings']:02}.txt").write_text(text, encoding="utf-8")
    return counts


def _excerpt(chunks: list[str]) -> list[str]:
    out: list[str] = []
    words = 0
    for chunk in chunks:
        if words > WORDS:
            break
        out.append(chunk)
        words += len(chunk.split())
    return out


def style_of(model: str, run: Run) -> dict[str, Any]:
    """Return how well a model keeps the style in the recordings that were not learnt from."""
    client = ModelClient(catalog.describe(model))
    commas = Counter[str]()
    dashes, titles = [], []
    try:
        for recording in run.of_part("test"):
            for bare in (False, True):
                trial = trials.of_recording(recording, bare=bare)
                pieces = parts.split(trial.transcript, client.info, covered=True, language="en")
                tail: tuple[Any, ...] = ()
                written = []
                for piece in pieces:
                    done = client.enhance(piece, tail)
                    tail = done.words
                    written += done.words
                _count(trial, [word.text for word in written], commas, dashes, titles)
    finally:
        client.close()
    return {
        "dash_f1": round(figures.f1(dashes), 1),
        "title_f1": round(figures.f1(titles), 1),
        "commas_before_and": commas["set"],
        "and": commas["and"],
    }


def _count(
    trial: trials.Trial,
    texts: list[str],
    commas: Counter[str],
    dashes: list[Any],
    titles: list[Any],
) -> None:
    for n, (right, text) in enumerate(zip(trial.right, texts, strict=True)):
        following = texts[n + 1].casefold() if n + 1 < len(texts) else ""
        if following.strip(".,") == "and" and right.mark is not None:
            commas["and"] += 1
            commas["set"] += figures.mark_of(text) == "comma"
        if right.mark is not None:
            says, is_one = figures.mark_of(text) == "dash", right.mark == "dash"
            dashes.append((int(says and is_one), int(says), int(is_one)))
        core = text.strip(".,?!—'\"")
        if right.case is not None and TITLE.fullmatch(core):
            says, is_one = core.isupper(), right.case == 2
            titles.append((int(says and is_one), int(says), int(is_one)))


def call(home: Path, *words: object) -> None:
    """Run `llasa-cli tune` and print what it says."""
    done = CliRunner().invoke(llasa_cli, ["tune", *map(str, words)], obj=Home(home))
    print(done.output)
    if done.exit_code:
        sys.exit(done.exit_code)


def processor_s() -> float:
    """Return the seconds of the processor so far, those of ended children included."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
