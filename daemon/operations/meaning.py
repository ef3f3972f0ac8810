"""Passages by their meaning, where the settings name an embedding model: brute-force cosine.

The vectors lie in the library. For one search they are written to a file without a name, which the
child maps and compares; so neither this process nor the daemon imports numpy, and there is no copy
to be kept up to date. 100,000 vectors of 384 numbers are 77 MB, written in the time that the child
takes to start.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from daemon.operations.session import Session
from engine.child.embedder import EmbedderClient
from engine.errors import EngineError
from engine.models.embedders import EmbedderInfo, describe
from state.library.library import Library
from state.library.records import Filters
from state.library.vectors import write_vectors

CANDIDATES: Final = 50

#: Ids of passages, the nearest first, with the similarity of each.
Nearest = Callable[[Library, str, Filters], Sequence[tuple[int, float]]]


@contextmanager
def by_meaning(
    session: Session,
    *,
    make: Callable[[EmbedderInfo], EmbedderClient] = EmbedderClient,
    on_problem: Callable[[str], None] = lambda text: None,
) -> Iterator[Nearest | None]:
    """Give what ranks passages by meaning; None where no model is configured.

    A model that cannot be used is told to `on_problem`; words alone are searched then.
    """
    name = session.config.embedding_model
    if name is None:
        yield None
        return
    try:
        client = make(describe(name, base=session.home.path))
    except EngineError as error:
        on_problem(f"{error} {error.hint}".strip())
        yield None
        return

    def nearest(library: Library, text: str, filters: Filters) -> list[tuple[int, float]]:
        with tempfile.NamedTemporaryFile(dir=session.home.library.parent, prefix=".") as file:
            ids = write_vectors(library, client.info.identity, filters, file)
            file.flush()
            if not ids:
                on_problem("No passage has a vector of this model yet; the daemon makes them.")
                return []
            try:
                found = client.nearest(text, Path(file.name), limit=CANDIDATES)
            except EngineError as error:
                on_problem(f"{error} {error.hint}".strip())
                return []
            return [(ids[row], cosine) for row, cosine in found if row < len(ids)]

    try:
        yield nearest
    finally:
        client.close()
