"""Teach the embedded model a house style from forty corrected recordings; measure what it learnt.

    uv run python tests/benchmarks/tune.py --folder DIR [--epochs 3] [--layers 2] [--step STEP]

The recordings are excerpts of the held-out files of ../shared/data/corpora/en. What Whisper might
have written of each is enhanced by the embedded model; then a user with a style of her own corrects
the whole text: no comma before "and", an em dash for a comma before "but" (and wherever the text
has one), titles in capitals (MR, DR, PRESIDENT). The corrected texts go through `llasa-cli tune` as
a user's would; DIR becomes the home.

The style is measured on other parts of the same talks, none of them learnt from, as Whisper might
have written them and in lower case without marks, with a gain drawn a thousand times over blocks of
25 words. STEP is one of make, prepare, train,
evaluate, before, after, style; without it all are done. Seconds of
the processor are those of the children, too: on a busy machine only they can be compared.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from click.testing import CliRunner

from engine.child.client import ModelClient
from engine.cli.context import CliContext
from engine.cli.main import llasa_cli
from engine.models import catalog
from engine.records import EnhancedWord, Segment, Transcript, Word
from engine.text import paragraphs, parts
from engine.tuning import align, corrected, figures, texts, trials
from engine.tuning.degrade import BARE, WHISPER, degrade
from engine.tuning.records import Taken
from engine.tuning.store import Run
from engine.tuning.words import ALL, case_of

DATA = Path(__file__).parents[3] / "shared" / "data" / "corpora" / "en"
FILES = ("dev_podcasts.jsonl.gz", "dev.jsonl.gz")
WORDS = 700  # of a recording
JUDGED_WORDS = 350  # of each talk behind it
OTHERS = ("ca", "de", "es", "fr", "it", "nl", "pl", "pt", "ru", "sv", "uk")
OTHER_WORDS = 1_200  # of each of these languages
ENDS = re.compile(r"[.?!:;,—-]['\"’”)]*$")
TITLES = (
    "mr|mrs|ms|dr|president|chairman|chairwoman|senator|secretary|minister|governor|professor"
    "|congressman"
)
TITLE = re.compile(rf"\b({TITLES})\b(?=[ .,'’?!;:]|$)", re.IGNORECASE)
STEPS = ("make", "prepare", "train", "evaluate", "before", "after", "style", "elsewhere")


@dataclass(frozen=True)
class Talk:
    """An excerpt before and after the style, and what is judged of the same talk."""

    plain: str
    styled: str
    judged: str  # plain


class Home(CliContext):
    """A home without a daemon, whose user corrected what `machine` says was written."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self._base = base

    @property
    def base(self) -> Path | None:
        return self._base

    def corrected(self) -> Iterable[Taken]:
        """Return the recordings as the correction of an output gives them."""
        with (self._base / "machine.jsonl").open(encoding="utf-8") as lines:
            for n, (line, talk) in enumerate(zip(lines, talks(), strict=True)):
                yield corrected.of_edited(
                    f"{n:02}.json",
                    [EnhancedWord(Word(shown), text, paragraph=ends)
                     for shown, text, ends in json.loads(line)],
                    talk.styled, language="en",
                )  # fmt: skip


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="becomes the home")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--words", type=int, default=1_000, help="of each shipped language")
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--part", choices=("before", "after"), help="of elsewhere: only this model")
    options = parser.parse_args()
    home = options.folder
    home.mkdir(parents=True, exist_ok=True)
    for step in [options.step] if options.step else STEPS:
        started, before = time.monotonic(), processor_s()
        if step == "make":
            make(home)
        elif step == "prepare":
            call(home, "prepare")
        elif step == "train":
            call(home, "train", "--epochs", options.epochs, "--layers", options.layers)
        elif step == "evaluate":
            call(home, "evaluate", "--words", options.words)
        elif step == "style":
            judge_style(home)
        elif step == "elsewhere":
            judge_elsewhere(home, options.part)
        else:
            model = catalog.EMBEDDED if step == "before" else str(Run.of(home, "house").model)
            (home / f"{step}.json").write_text(json.dumps(style_of(model).blocks))
        spent = processor_s() - before
        print(f"{step}: {time.monotonic() - started:.0f} s, {spent:.0f} s of the processor")


def styled(text: str) -> tuple[str, Counter[str]]:
    """Return a text in the style, and how often each rule was applied."""
    text, commas = re.subn(r",(\s+and\b)", r"\1", text)
    text, buts = re.subn(r",\s+(but\b)", r" — \1", text)
    text, dashes = re.subn(r"\s*(?:--|—|\s–\s)\s*", " — ", text)
    text, titles = TITLE.subn(lambda found: found[0].upper(), text)
    return text, Counter(commas=commas, buts=buts, dashes=dashes - buts, titles=titles)


def talks() -> Iterator[Talk]:
    """Yield the excerpts of the forty talks."""
    for name in FILES:
        with gzip.open(DATA / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                chunks = [" ".join(c.split()) for c in json.loads(line)["text"].split("\n\n")]
                usable = [c for c in chunks if len(c.split()) >= 8 and ENDS.search(c)]
                usable = usable[min(5, len(usable) // 4) :]
                plain = _excerpt(usable, WORDS)
                judged = _excerpt(usable[len(plain) :], JUDGED_WORDS)
                text = "\n\n".join(plain)
                yield Talk(text, styled(text)[0], "\n\n".join(judged))


def _excerpt(chunks: list[str], most: int) -> list[str]:
    out: list[str] = []
    words = 0
    for chunk in chunks:
        if words > most:
            break
        out.append(chunk)
        words += len(chunk.split())
    return out


def make(home: Path) -> None:
    """Write what the embedded model makes of what Whisper might have written."""
    counts: Counter[str] = Counter()
    client = ModelClient(catalog.describe(catalog.EMBEDDED))
    lines = []
    try:
        for n, talk in enumerate(talks()):
            counts.update(styled(talk.plain)[1], recordings=1, words=len(talk.plain.split()))
            written = enhanced(client, shown(talk.plain, WHISPER, n))
            lines.append(json.dumps([[w.word.text, w.text, w.paragraph] for w in written]))
    finally:
        client.close()
    (home / "machine.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print("written:", dict(counts))


def shown(text: str, kind: str, seed: int) -> Transcript:
    """Return a text as a recogniser might have written it."""
    words = align.parsed(text.split("\n\n"))
    rng = random.Random(seed)
    said = [one.text for one in degrade(words, kind, rng, following=None, turns=False)]
    return Transcript("talk", (Segment(tuple(map(Word, said))),), language="en")


def enhanced(
    client: ModelClient, transcript: Transcript, language: str = "en"
) -> list[EnhancedWord]:
    """Return what a model writes."""
    tail: tuple[EnhancedWord, ...] = ()
    done = []
    for part in parts.split(transcript, client.info, covered=True, language=language):
        done.append(client.enhance(part, tail))
        tail = done[-1].words
    return [word for paragraph in paragraphs.settle(done) for word in paragraph]


def judge_style(home: Path) -> None:
    """Print how well each rule is kept before and after."""
    tallies = [
        figures.Tally(blocks=json.loads((home / f"{step}.json").read_text()))
        for step in ("before", "after")
    ]
    print(f"words: {25 * len(tallies[0].blocks):,}")
    for kind in RULES:
        before, after = (tally.f1(kind) for tally in tallies)
        gain = figures.gain(tallies[0], tallies[1], kind)
        cases = sum(block[kind][2] for block in tallies[0].blocks)
        print(f"{kind:24} {cases:5} {before:6.1f} {after:6.1f} {gain.low:+6.1f} {gain.high:+6.1f}")


RULES = ("no comma before and", "dash before but", "other dashes", "title", "style", "capitals")


def judge_elsewhere(home: Path, only: str | None) -> None:
    """Print F1 of marks and case of other languages before and after, in text without marks."""
    run = Run.of(home, "house")
    found = {}
    for name, model in (("before", catalog.EMBEDDED), ("after", str(run.model))):
        path = home / f"elsewhere-{name}.json"
        if not path.is_file():
            if only not in (None, name):
                continue
            path.write_text(json.dumps(elsewhere_of(model)))
        found[name] = json.loads(path.read_text())
    if len(found) < 2:
        return
    for code in (*found["before"], None):
        tallies = [
            figures.Tally(blocks=[b for own, blocks in part.items() if code in (own, None)
                                  for b in blocks])
            for part in found.values()
        ]  # fmt: skip
        before, after = (tally.f1("marks", "case") for tally in tallies)
        gain = figures.gain(*tallies, "marks", "case")
        words = figures.BLOCK_WORDS * len(tallies[0].blocks)
        print(
            f"{code or 'all'} {words:,} {before:.1f} {after:.1f} {gain.low:+.2f} {gain.high:+.2f}"
        )


def elsewhere_of(model: str) -> dict[str, list[dict[str, figures.Counts]]]:
    """Return what a model makes of the held-out text of each language, in blocks."""
    client = ModelClient(catalog.describe(model))
    found = {}
    try:
        for code in OTHERS:
            tally = figures.Tally()
            for path in sorted((DATA.parent / code).glob("dev*.jsonl.gz")):
                with gzip.open(path, "rt", encoding="utf-8") as lines:
                    for line in lines:
                        text = "\n\n".join(_excerpt(json.loads(line)["text"].split("\n\n"), 300))
                        recording = texts.of_text(text, name="", language=code).recording
                        if recording is not None and 25 * len(tally.blocks) < OTHER_WORDS:
                            trial = trials.of_recording(recording, bare=True)
                            tally.add(trial, enhanced(client, trial.transcript, code))
            found[code] = tally.blocks
    finally:
        client.close()
    return found


def style_of(model: str) -> figures.Tally:
    """Return how well a model keeps each rule, in blocks of 25 words."""
    tally = figures.Tally()
    client = ModelClient(catalog.describe(model))
    try:
        for n, talk in enumerate(talks()):
            wanted = align.parsed(styled(talk.judged)[0].split("\n\n"))
            for kind in (WHISPER, BARE):
                written = enhanced(client, shown(talk.judged, kind, 1_000 + n))
                if len(written) != len(wanted):
                    raise SystemExit(f"{len(written)} words for {len(wanted)}")
                _count(tally, wanted, [word.text for word in written])
    finally:
        client.close()
    return tally


def _count(tally: figures.Tally, wanted: list[Any], texts: list[str]) -> None:
    rows = []
    for n, (right, text) in enumerate(zip(wanted, texts, strict=True)):
        following = wanted[n + 1].core.casefold() if n + 1 < len(wanted) else ""
        mark, core = figures.mark_of(text), text.strip(".,?!—'\"")
        is_dash = right.mark == "-"
        counts = dict.fromkeys(RULES, (0, 0, 0))
        if following == "and" and right.mark == "":
            kept = mark != "comma"
            counts["no comma before and"] = (int(kept), 1, 1)
        dash = (int(mark == "dash" and is_dash), int(mark == "dash"), int(is_dash))
        counts["dash before but" if following == "but" else "other dashes"] = dash
        if TITLE.fullmatch(core):
            says = core.isupper()
            counts["title"] = (int(says), int(says), 1)
        says, is_so = case_of(core) == ALL, case_of(right.core) == ALL
        counts["capitals"] = (int(says and is_so), int(says), int(is_so))
        counts["style"] = _sum(counts[rule] for rule in RULES[:4])
        rows.append(counts)
    for start in range(0, len(rows), figures.BLOCK_WORDS):
        block = rows[start : start + figures.BLOCK_WORDS]
        tally.blocks.append({rule: _sum(row[rule] for row in block) for rule in RULES})


def _sum(counts: Iterable[figures.Counts]) -> figures.Counts:
    hit, said, true = map(sum, zip(*counts, strict=True))
    return hit, said, true


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
