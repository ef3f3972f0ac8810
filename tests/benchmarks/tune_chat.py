"""LoRA on SmolLM2-135M, from recordings to a file that the tuned model enhances.

    uv run python tests/benchmarks/tune_chat.py --folder DIR [--recordings 10] [--excerpt 300]

DIR becomes the home. The recordings are short excerpts of ../shared/data/corpora/en. `llasa-cli
tune` trains twice: once without a break, once with Ctrl-C after some steps and the same command
again; both must end with the same weights. Then the model is judged, made and used as a user would.
The texts are few and the steps too: this shows that the way works, not how good a model becomes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.child.client import ModelClient
from engine.models import catalog
from engine.records import Segment, Transcript, Word
from engine.text import parts
from engine.text.marks import letters
from engine.tuning.store import Run
from tests.benchmarks.tune import processor_s, talks
from tests.chat_model import smollm2

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="becomes the home")
    parser.add_argument("--recordings", type=int, default=10)
    parser.add_argument("--excerpt", type=int, default=300, help="words of a recording")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--words", type=int, default=300, help="of each shipped language")
    options = parser.parse_args()
    texts = options.folder / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    for n, talk in zip(range(options.recordings), talks(), strict=False):
        words, kept = 0, []
        for chunk in talk.styled.split("\n\n"):
            kept.append(chunk)
            words += len(chunk.split())
            if words > options.excerpt:
                break
        (texts / f"{n:02}.txt").write_text("\n\n".join(kept), encoding="utf-8")
    how = [
        "--model", smollm2(), "--layers", options.layers, "--epochs", options.epochs,
        "--rate", options.rate,
    ]  # fmt: skip
    for name in ("whole", "broken"):
        call(options.folder, "prepare", name, "--text", texts, "--language", "en")
    call(options.folder, "train", "whole", *how)
    interrupted(options.folder, "train", "broken", *how)
    call(options.folder, "train", "broken", *how)
    runs = [Run.of(options.folder, name) for name in ("whole", "broken")]
    same = len({digest(run.training / "best.safetensors") for run in runs}) == 1
    print("interrupted and gone on, the weights are the same:", same)
    enhance(runs[0].model, (texts / "00.txt").read_text())
    call(options.folder, "evaluate", "whole", "--words", options.words)
    call(options.folder, "fuse", "whole")
    if (options.folder / "var" / "models" / "whole").is_dir():
        call(options.folder, "use", "whole")
        call(options.folder, "use", "whole", "--undo")
    sys.exit(not same)


def call(home: Path, *words: object) -> None:
    """Run `llasa-cli tune` as a user would, and print what it says."""
    started, before = time.monotonic(), processor_s()
    done = subprocess.run(command(home, *words), cwd=ROOT, capture_output=True, text=True)
    print("$ llasa-cli tune", *words)
    print(done.stdout.strip())
    print(done.stderr.strip()[-400:])
    spent = processor_s() - before
    print(f"[{done.returncode}] {time.monotonic() - started:.0f} s, {spent:.0f} s of the processor")
    if "Traceback" in done.stderr:
        sys.exit(1)


def interrupted(home: Path, *words: object) -> None:
    """Run `llasa-cli tune train` and press Ctrl-C after its first checkpoint."""
    child = subprocess.Popen(
        command(home, *words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    checkpoint = Run.of(home, str(words[1])).training / "checkpoint.safetensors"
    while child.poll() is None and not checkpoint.exists():
        time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    print("$ llasa-cli tune", *words, "^C")
    print(child.communicate()[0].strip()[-400:], f"[{child.returncode}]")


def command(home: Path, *words: object) -> list[str]:
    """Return the command line of `llasa-cli tune`."""
    program = [sys.executable, "-P", "-c", "from daemon.one_shot import main; main()", "tune"]
    return [*program, *map(os.fspath, map(str, words)), "--home", str(home)]


def digest(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def enhance(folder: Path, text: str) -> None:
    """Let a model folder enhance a text in the child, and look whether a word is lost."""
    words = tuple(Word(word.strip(".,?!—").lower()) for word in text.split() if letters(word))
    client = ModelClient(catalog.describe(str(folder), use_measured=False))
    try:
        tail, written = (), []
        for part in parts.split(
            Transcript("t", (Segment(words),), language="en"), client.info, covered=True
        ):
            done = client.enhance(part, tail)
            tail = done.words
            written += done.words
    finally:
        client.close()
    print("enhanced by", folder.name, json.dumps(" ".join(word.text for word in written)[:300]))
    kept = [letters(w.text).casefold() for w in written] == [letters(w.text) for w in words]
    print(f"{len(words)} words, all there and in order: {kept}")


if __name__ == "__main__":
    main()
