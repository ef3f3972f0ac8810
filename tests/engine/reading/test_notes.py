"""Notes: a closed list, the same in the code, in the schema and in the document."""

from __future__ import annotations

import json
from pathlib import Path

from engine.reading.notes import NoteName

DOCS = Path(__file__).parents[3] / "docs"


def test_the_schema_and_the_document_know_every_note() -> None:
    """A note that a user can meet is one that is explained."""
    schema = json.loads((DOCS / "metadata.schema.json").read_text())
    listed = schema["properties"]["notes"]["items"]["properties"]["note"]["enum"]
    assert sorted(listed) == sorted(NoteName)
    table = (DOCS / "metadata.md").read_text().split("## Notes")[1].split("\n## ")[0]
    assert [name for name in NoteName if f"| `{name}` |" not in table] == []
