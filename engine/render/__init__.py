"""Document -> the files beside the source: text, subtitles, pages, metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence

from engine.records import FORMATS, Document, FrontMatter, Metadata, Rendered
from engine.render.markdown import markdown
from engine.render.page import html
from engine.render.plain import text
from engine.render.subtitles import srt, vtt

__all__ = ["FORMATS", "html", "markdown", "metadata_json", "render", "srt", "text", "vtt"]


def render(
    document: Document,
    metadata: Metadata,
    *,
    outputs: Sequence[str],
    names: Mapping[str, str] | None = None,
    front_matter: FrontMatter = "yaml",
) -> tuple[Rendered, ...]:
    """Return the files of a transcript: text first, metadata last; both are always there.

    `names` maps a producer's speaker label to the name that is written instead. The metadata lists
    the hashes of the other files as its `outputs`.
    """
    makers: dict[str, Callable[[], str]] = {
        "md": lambda: markdown(document, metadata, names=names, front_matter=front_matter),
        "srt": lambda: srt(document, names=names),
        "vtt": lambda: vtt(document, names=names),
        "html": lambda: html(document, metadata, names=names),
    }
    files = [Rendered("enhanced.txt", text(document, names=names))]
    files += [
        Rendered(f"enhanced.{kind}", make()) for kind, make in makers.items() if kind in outputs
    ]
    metadata["outputs"] = [
        {"suffix": file.suffix, "sha256": hashlib.sha256(file.content.encode()).hexdigest()}
        for file in files
    ]
    return (*files, Rendered("metadata.json", metadata_json(metadata)))


def metadata_json(metadata: Metadata) -> str:
    """Return the metadata as the text of its file: indented JSON with UTF-8 letters."""
    return json.dumps(metadata, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
