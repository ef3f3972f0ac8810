"""Check what a model wrote: `uv run python -m tests.benchmarks.ask_check LINES FOLDER [-v]`.

LINES is what `tests.benchmarks.ask --model` kept, FOLDER holds the JSON of the sources. Nothing of
llasa is imported: a quotation is looked for in the letters of its source, its time and its speaker
in the segments there.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import unicodedata
from bisect import bisect_right
from collections import Counter
from pathlib import Path
from typing import Any

QUOTED = re.compile(r'["\u201c]([^"\u201c\u201d\n]+)["\u201d]')
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
NOT_THERE = "not in the passages"
SHORT = 8  # letters; shorter is no quotation and no sentence
EARLY_S = 2.0  # that a word may begin before its segment


def letters(text: str) -> str:
    """Return what is heard of a text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


class Source:
    """A transcript as its file has it: letters, and the segment of each."""

    def __init__(self, file: Path, names: dict[str, str]) -> None:
        value = json.loads(file.read_bytes())
        rows = value if isinstance(value, list) else value.get("speakers") or value["segments"]
        self.text = ""
        self._at: list[int] = []  # where each segment begins
        self._of: list[tuple[float, float, str | None]] = []
        for row in rows:
            start, end = row["timestamp"] if "timestamp" in row else (row["start"], row["end"])
            speaker = row.get("speaker")
            self._at.append(len(self.text))
            self._of.append((start or 0.0, end or 1e9, names.get(str(speaker), speaker)))
            self.text += letters(str(row["text"]))

    def problem(self, text: str, at_s: float | None, speaker: str | None) -> str:
        """Return what is wrong with a quotation, "" where nothing is."""
        wanted = letters(text)
        place = self.text.find(wanted) if wanted else -1
        if place < 0:
            return "text"
        problem = ""
        while place >= 0:  # the same words may be said twice
            start, end, said_by = self._of[bisect_right(self._at, place) - 1]
            if at_s is not None and not start - EARLY_S <= at_s <= end + EARLY_S:
                problem = "time"
            elif speaker is not None and said_by is not None and speaker != said_by:
                problem = "speaker"
            else:
                return ""
            place = self.text.find(wanted, place + 1)
        return problem


def is_right(line: dict[str, Any], quotes: list[dict[str, Any]]) -> bool:
    """Return whether a quotation begins where the answer is."""
    return any(
        Path(quote["file"]).name == Path(line["file"]).name
        and line["from_s"] <= quote["at_s"] <= line["to_s"]
        for quote in quotes
        if line["file"] and quote["at_s"] is not None
    )


def in_grammar(lines: list[dict[str, Any]], way: str, sources: dict[str, Source]) -> None:
    """Print what a model wrote in a grammar."""
    count: Counter[str] = Counter()
    for line in lines:
        if way not in line:
            continue
        answer = line[way]["answer"]
        written = answer["written"]
        own = line[way]["wrote"].count('" [')
        count["questions"] += 1
        count["said that nothing answers"] += NOT_THERE in line[way]["wrote"].casefold()
        count["quotations by the model"] += own
        count["quotations shown"] += len(answer["quotes"])
        for quote in answer["quotes"]:
            name = Path(quote["file"]).name
            problem = sources[name].problem(quote["text"], quote["at_s"], quote["speaker"])
            count[f"wrong {problem}" if problem else "verified"] += 1
        count["with one from the right place"] += is_right(line, answer["quotes"])
        count["sentences"] += written["sentences"]
        count["dropped"] += written["dropped"]
        count["kept"] += len(written["claims"])
        count["kept, with words marked"] += sum(bool(c["unsupported"]) for c in written["claims"])
    print(f"{way}: {dict(count)}")


def by_prompt(lines: list[dict[str, Any]]) -> None:
    """Print what a model wrote by a plain prompt, by kind of question."""
    for kind in dict.fromkeys(line["kind"] for line in lines):
        count: Counter[str] = Counter()
        for line in lines:
            if line["kind"] != kind:
                continue
            text = line["plain"]["wrote"]
            shown = letters(" ".join(one["text"] for one in line["shown"]))
            words = set(re.findall(r"\w+", " ".join(o["text"] for o in line["shown"]).casefold()))
            words |= set(re.findall(r"\w+", line["question"].casefold()))
            count["questions"] += 1
            count["said that nothing answers"] += NOT_THERE in text.casefold()
            for quote in QUOTED.findall(text):
                if len(letters(quote)) > SHORT:
                    count["quotations"] += 1
                    count["invented"] += letters(quote) not in shown
            for sentence in SENTENCE_END.split(QUOTED.sub(" ", text)):
                if len(letters(sentence)) > SHORT and NOT_THERE not in sentence.casefold():
                    said = re.findall(r"\w+", sentence.casefold())
                    count["sentences"] += 1
                    count["with a number or long word from nowhere"] += any(
                        word not in words and (word.isdigit() or len(word) > 5) for word in said
                    )
        print(f"plain prompt, {kind}: {dict(count)}")


def times(lines: list[dict[str, Any]]) -> None:
    """Print how long the answers took: of the first way, which reads the prompt."""
    for key in ("read_s", "write_s", "prompt_tokens", "tokens"):
        for way in ("guided", "quoting", "plain"):
            values = [line[way][key] for line in lines if way in line]
            if values:
                print(
                    f"{way} {key}: median {statistics.median(values):.1f}, most {max(values):.1f}"
                )


def main() -> None:
    """Read the lines and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lines", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    rows = map(json.loads, options.lines.read_text(encoding="utf-8").splitlines())
    lines = list({row["question"]: row for row in rows}.values())
    about = json.loads((Path(__file__).parents[1] / "ask_questions.json").read_bytes())
    sources = {
        Path(file).name: Source(options.folder / file, about["speakers"].get(Path(file).name, {}))
        for file in about["files"]
    }
    for way in ("guided", "quoting"):
        in_grammar(lines, way, sources)
    by_prompt(lines)
    times(lines)
    if options.verbose:
        for line in lines:
            print(f"\n# {line['kind']}: {line['question']}  [{line['extractive']['status']}]")
            for way in ("guided", "quoting", "plain"):
                if way in line:
                    print(f"{way}: {line[way]['wrote'].strip()}")
                    for claim in line[way].get("answer", {}).get("written", {}).get("claims", ()):
                        print(f"    kept: {claim['text']} {claim['unsupported'] or ''}")


if __name__ == "__main__":
    main()
