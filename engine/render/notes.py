"""Metadata -> what stands before a text in Markdown, in the form that a program for notes reads."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from engine.records import FrontMatter, Metadata
from engine.render.clock import clock
from engine.text.prose import printable


def front_matter(metadata: Metadata, form: FrontMatter) -> str:
    """Return what stands before the text, "" for `none`.

    `yaml` is for any program. `obsidian` has tags without white space, and the title as an alias.
    `logseq` has its properties, one `key:: value` a line. None has a date: a text that is rendered
    again stays the same.
    """
    if form == "none":
        return ""
    fields = {key: value for key, value in _fields(metadata).items() if value is not None}
    if form == "yaml":
        return _block(fields)
    tags = [tag for tag in map(tag_of, fields.pop("tags", None) or ()) if tag]
    title = fields.pop("title", None)
    if form == "obsidian":
        notes = {
            "title": title,
            "aliases": [title] if title else None,
            "tags": ["transcript", *tags],
        }
        return _block({**{k: v for k, v in notes.items() if v is not None}, **fields})
    properties = {"title": title, "tags": ["transcript", *tags], **fields}
    return "\n".join(
        f"{key}:: {_property(value)}" for key, value in properties.items() if value is not None
    )


def tag_of(text: str) -> str:
    """Return a tag as programs for notes read it: letters, digits, `-` and `_`, no white space."""
    normal = unicodedata.normalize("NFC", text).strip().casefold()
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else "-"
        for letter in normal
    )
    tag = "-".join(filter(None, "".join(kept).split("-")))
    return "" if tag.isdecimal() else tag  # a number alone is no tag


def _fields(metadata: Metadata) -> dict[str, Any]:
    source = metadata["source"]
    return {
        "title": metadata["title"],
        "description": metadata["description"],
        "summary": metadata["summary"],
        "tags": metadata["tags"],
        "speakers": [speaker["label"] for speaker in metadata["speakers"]] or None,
        "language": source["language"],
        "duration": None if source["duration_s"] is None else clock(source["duration_s"]),
        "source": source["name"],
        "producer": source["producer"],
        "model": metadata["model"]["name"],
    }


def _block(fields: dict[str, Any]) -> str:
    lines = [f"{key}: {_yaml(value)}" for key, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _yaml(value: object) -> str:
    """Return a value as YAML, of which JSON is a subset once all characters are printable."""
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    return json.dumps(printable(str(value)), ensure_ascii=False)


def _property(value: object) -> str:
    """Return a value on one line; in a list a comma would begin another entry."""
    if isinstance(value, list):
        return ", ".join(_property(item).replace(",", " ") for item in value)
    return " ".join(printable(str(value)).split())
