"""Prepare everything that training reads: words, the pruned tokenizer, the pretrained weights."""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from safetensors.numpy import save_file

from engine.training import carriers
from engine.training.batches import LANGUAGE_SHARES
from engine.training.corpus import MARK_CODES, SOURCES, Corpus, Source, prepare_source
from engine.training.vocabulary import choose, pruned, used

#: Most pieces that are kept; with six bits each they are 19 MB.
MOST_PIECES = 58_000
#: Words of this many occurrences in all count for the vocabulary.
RAREST = 2
TOKENIZER, PRETRAINED = "tokenizer.json", "pretrained.safetensors"


def prepare(
    data: Path,
    out: Path,
    weights: Path,
    tokenizer: Path,
    *,
    seed: int = 1,
    share: float = 1.0,
    workers: int = 1,
) -> dict[str, int]:
    """Prepare `out` from the shared data and the two carriers; returns counts of words.

    Files of words that are in `out` are kept, so that a stopped command goes on.
    """
    out.mkdir(parents=True, exist_ok=True)
    jobs = [
        (data, out, source, part, seed, share) for source in SOURCES for part in ("dev", "train")
    ]
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(_prepare, jobs))
    counts = {
        f"{s.name}.{part}": len(Corpus(out / f"{s.name}.{part}.npz").cores)
        for s in SOURCES
        for part in ("train", "dev")
    }
    full = carriers.tokenizer(tokenizer)
    kept = choose(full, used(full, _forms(out).items()), MOST_PIECES)
    _write(out / TOKENIZER, json.dumps(pruned(full, kept), ensure_ascii=False))
    temporary = out / "pretrained.tmp"
    save_file(carriers.weights(weights, kept), temporary)
    os.replace(temporary, out / PRETRAINED)
    counts["pieces"] = len(kept)
    _write(out / "prepared.json", json.dumps(counts, indent=2) + "\n")
    return counts


def _prepare(job: tuple[Path, Path, Source, str, int, float]) -> None:
    data, out, source, part, seed, share = job
    prepare_source(data, out, source, part, seed=seed, share=share)


def _forms(folder: Path) -> Counter[str]:
    """Count the forms that words are shown in, every language at its share of training."""
    sums: dict[str, Counter[str]] = {}
    for source in SOURCES:
        counts = Corpus(folder / f"{source.name}.train.npz").counts()
        sums.setdefault(source.language, Counter()).update(counts)
    forms: Counter[str] = Counter({mark: 10**9 for mark in MARK_CODES if mark})
    for language, counts in sums.items():
        scale = LANGUAGE_SHARES[language] * 1e8 / counts.total()
        for text, often in counts.items():
            if often >= RAREST:
                weight = max(1, round(often * scale))
                forms[text.lower()] += weight
                forms[text] += weight
    return forms


def _write(path: Path, text: str) -> None:
    """Replace a file in one move."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
