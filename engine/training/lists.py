"""Read labelled word lists, a token and its label a line."""

from __future__ import annotations

import gzip
from pathlib import Path


def read_tsv(path: Path, limit: int | None = None) -> tuple[list[str], list[str], int]:
    """Return words and labels of a token-per-line file, and the number of tokens read.

    A token that begins with an apostrophe, or is "n't", is joined to the word before; a token
    without letters or digits is left out. The word carries the last label.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    words: list[str] = []
    labels: list[str] = []
    tokens = 0
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            token, _, name = line.rstrip("\n").partition("\t")
            if not token or (limit is not None and tokens >= limit):
                continue
            tokens += 1
            if not any(c.isalnum() for c in token):
                if labels and name != "O":
                    labels[-1] = name
            elif words and (token[0] in "'\u2019" or token == "n't"):  # noqa: S105 - a word
                words[-1] += token
                labels[-1] = name
            else:
                words.append(token)
                labels.append(name)
    return words, labels, tokens
