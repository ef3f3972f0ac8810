"""The schema of the library, and its number: another number is built again, not migrated."""

from __future__ import annotations

from typing import Final

VERSION: Final = 2
APPLICATION_ID: Final = 0x6C6C6962  # "llib": the file is a library of ours

#: Combining marks belong to words: the vowels of Hindi and Thai are such marks.
TOKENIZER: Final = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"

# The index holds no text of its own (`content=''`): a passage keeps its words compressed, with
# their times, and a row is taken out of the index by giving it the words that were put in.
STATEMENTS: Final = (
    """
    CREATE TABLE transcripts (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        job_id INTEGER NOT NULL,
        stamp TEXT NOT NULL,
        sha256 TEXT,
        dated_s REAL NOT NULL,
        title TEXT,
        language TEXT,
        duration_s REAL,
        words INTEGER NOT NULL,
        passages INTEGER NOT NULL,
        speakers TEXT NOT NULL,
        problem TEXT
    ) STRICT
    """,
    "CREATE INDEX transcripts_dated ON transcripts (dated_s DESC, id DESC)",
    """
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        transcript_id INTEGER NOT NULL REFERENCES transcripts (id),
        position INTEGER NOT NULL,
        start_s REAL,
        end_s REAL,
        speakers TEXT NOT NULL,
        body BLOB NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX passages_place ON passages (transcript_id, position)",
    f"""
    CREATE VIRTUAL TABLE passage_index
    USING fts5(words, content='', tokenize="{TOKENIZER}")
    """,
    "CREATE VIRTUAL TABLE terms USING fts5vocab(passage_index, row)",
    "CREATE TABLE embedders (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE vectors (
        passage_id INTEGER PRIMARY KEY REFERENCES passages (id),
        embedder_id INTEGER NOT NULL REFERENCES embedders (id),
        vector BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX vectors_embedder ON vectors (embedder_id)",
)
