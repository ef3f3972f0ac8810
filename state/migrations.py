"""The schema, as the steps that lead to it; a step and its record are one transaction.

A released step is never changed: a new one is added below it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils

    from state.connection import Database

SET = "llasa"
PART_COLUMNS = "job_id, position, status, words, decode_s, attempts, payload"
NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


def m001_jobs(db: sqlite_utils.Database) -> None:
    """Jobs with their parts and history, files seen, and the one row of the service."""
    db.executescript(f"""
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path BLOB NOT NULL,
        sha256 TEXT,
        size INTEGER NOT NULL DEFAULT 0,
        mtime_ns INTEGER NOT NULL DEFAULT 0,
        inode INTEGER NOT NULL DEFAULT 0,
        device INTEGER NOT NULL DEFAULT 0,
        generation INTEGER NOT NULL DEFAULT 0,
        supersedes INTEGER NOT NULL DEFAULT 0,
        status TEXT NOT NULL DEFAULT 'queued',
        reason TEXT,
        detail TEXT,
        origin TEXT NOT NULL,
        priority INTEGER NOT NULL DEFAULT 0,
        deferred INTEGER NOT NULL DEFAULT 0,
        tried_last INTEGER NOT NULL DEFAULT 0,
        attempt INTEGER NOT NULL DEFAULT 0,
        restarts INTEGER NOT NULL DEFAULT 0,
        load_failures INTEGER NOT NULL DEFAULT 0,
        claims INTEGER NOT NULL DEFAULT 0,
        boot_id TEXT,
        profile TEXT,
        model TEXT,
        recipe TEXT,
        parts_total INTEGER,
        parts_done INTEGER NOT NULL DEFAULT 0,
        words_total INTEGER,
        words_done INTEGER NOT NULL DEFAULT 0,
        decode_s REAL NOT NULL DEFAULT 0,
        outputs TEXT NOT NULL DEFAULT '[]',
        intended TEXT NOT NULL DEFAULT '[]',
        figures TEXT NOT NULL DEFAULT '{{}}',
        created_at TEXT NOT NULL DEFAULT ({NOW}),
        started_at TEXT,
        finished_at TEXT
    ) STRICT;

    -- The jobs of a path are a chain: whoever sees the same change second finds the place taken.
    CREATE UNIQUE INDEX jobs_chain ON jobs (path, supersedes);
    CREATE INDEX jobs_status ON jobs (status, id, size);
    CREATE INDEX jobs_waiting ON jobs (tried_last, priority DESC, deferred, id)
        WHERE status = 'queued';

    CREATE TABLE parts (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        status TEXT,
        words INTEGER NOT NULL DEFAULT 0,
        decode_s REAL NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        payload TEXT,
        PRIMARY KEY (job_id, position)
    ) STRICT;

    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL,
        reason TEXT,
        attempt INTEGER NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX history_job ON history (job_id);
    CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, {NOW});
    END;
    CREATE TRIGGER jobs_moved AFTER UPDATE OF status ON jobs
    WHEN OLD.status IS NOT NEW.status BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, {NOW});
    END;

    CREATE TABLE seen (
        path BLOB PRIMARY KEY,
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        sha256 TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE service (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        pid INTEGER,
        boot_id TEXT,
        started_at REAL,
        version TEXT,
        home BLOB,
        phase TEXT NOT NULL DEFAULT 'stopped',
        heartbeat_at REAL,
        last_event_at REAL,
        last_scan_at REAL,
        last_scan_files INTEGER,
        last_scan_s REAL,
        canary_at REAL,
        watching TEXT NOT NULL DEFAULT '[]',
        model TEXT,
        model_revision TEXT,
        device_path TEXT,
        memory_bytes INTEGER,
        current_job INTEGER,
        current_part INTEGER,
        words_per_s REAL,
        failed_starts INTEGER NOT NULL DEFAULT 0,
        last_error TEXT,
        hold_reason TEXT,
        hold_hint TEXT,
        held_since TEXT,
        paused INTEGER NOT NULL DEFAULT 0,
        pause_reason TEXT,
        paused_until REAL,
        paused_since TEXT
    ) STRICT;
    INSERT INTO service (id) VALUES (1);
    """)


def m002_kept_parts(db: sqlite_utils.Database) -> None:
    """Keep finished parts, compressed, so that a text can be rendered again without the model."""
    db.execute("""
    CREATE TABLE kept (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        status TEXT,
        words INTEGER NOT NULL DEFAULT 0,
        decode_s REAL NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        payload BLOB,
        PRIMARY KEY (job_id, position)
    ) STRICT
    """)
    for *values, payload in db.execute(f"SELECT {PART_COLUMNS} FROM parts").fetchall():
        packed = None if payload is None else zlib.compress(payload.encode())
        db.execute(
            f"INSERT INTO kept ({PART_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", [*values, packed]
        )
    db.execute("DROP TABLE parts")
    db.execute("ALTER TABLE kept RENAME TO parts")


def m003_unused_columns(db: sqlite_utils.Database) -> None:
    """Failed starts are counted outside of the database, which may be why they fail."""
    for column in ("failed_starts", "last_error"):
        db.execute(f"ALTER TABLE service DROP COLUMN {column}")


def m004_rebuilding(db: sqlite_utils.Database) -> None:
    """A new database is marked as such until the finished work in the folders is recorded."""
    db.execute("ALTER TABLE service ADD COLUMN rebuilding INTEGER NOT NULL DEFAULT 0")


def m005_model_requests(db: sqlite_utils.Database) -> None:
    """Processes that ask the daemon for the model; at most one holds it."""
    db.execute(f"""
    CREATE TABLE model_requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,
        pid INTEGER NOT NULL,
        birth TEXT NOT NULL,
        beats INTEGER NOT NULL DEFAULT 0,
        asked_at TEXT NOT NULL DEFAULT ({NOW}),
        granted_at TEXT
    ) STRICT
    """)
    db.execute("""
    CREATE UNIQUE INDEX model_requests_granted ON model_requests (granted_at IS NOT NULL)
        WHERE granted_at IS NOT NULL
    """)


def m006_conversations(db: sqlite_utils.Database) -> None:
    """Conversations of `llasa-cli chat`, their messages as JSON that only the engine reads."""
    db.executescript(f"""
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        model TEXT NOT NULL,
        revision INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL DEFAULT ({NOW}),
        changed_at TEXT NOT NULL DEFAULT ({NOW})
    ) STRICT;
    CREATE INDEX conversations_changed ON conversations (changed_at);
    CREATE TABLE messages (
        conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (conversation_id, position)
    ) STRICT;
    """)


def m007_recordings(db: sqlite_utils.Database) -> None:
    """Jobs for recordings, how far a transcription is, and texts whose speakers are wanted."""
    db.execute("ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'transcript'")
    for column in ("heard_s", "length_s"):
        db.execute(f"ALTER TABLE service ADD COLUMN {column} REAL")
    db.execute("""
    CREATE TABLE speaker_searches (
        job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        state TEXT NOT NULL DEFAULT 'wanted',
        attempts INTEGER NOT NULL DEFAULT 0,
        detail TEXT
    ) STRICT
    """)
    db.execute("""
    CREATE INDEX speaker_searches_wanted ON speaker_searches (job_id) WHERE state = 'wanted'
    """)


def m008_writings(db: sqlite_utils.Database) -> None:
    """What a model writes about finished jobs: its progress, request by request, and the result."""
    db.executescript(f"""
    CREATE TABLE writings (
        job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL DEFAULT 'waiting',
        reason TEXT,
        detail TEXT,
        writer TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        done INTEGER NOT NULL DEFAULT 0,
        total INTEGER,
        result BLOB,
        changed_at TEXT NOT NULL DEFAULT ({NOW})
    ) STRICT;
    CREATE INDEX writings_status ON writings (status);
    CREATE TABLE written (
        job_id INTEGER NOT NULL REFERENCES writings (job_id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (job_id, key)
    ) STRICT;
    """)


def m009_daily(db: sqlite_utils.Database) -> None:
    """What the hooks have to tell, how each of them is, and what the work waits for.

    A trigger writes an announcement with the change itself, so that none is lost in a kill. What
    was finished before is not announced, nor is what a rebuilt database takes up as done.
    """
    db.executescript(f"""
    CREATE TABLE announcements (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL,
        job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
        reason TEXT,
        at TEXT NOT NULL DEFAULT ({NOW})
    ) STRICT;
    CREATE INDEX announcements_job ON announcements (job_id);
    CREATE TRIGGER jobs_ended AFTER UPDATE OF status ON jobs
    WHEN OLD.status IS NOT NEW.status AND NEW.status IN ('done', 'partial', 'failed', 'invalid')
    AND NOT (NEW.kind = 'recording' AND NEW.status = 'done')  -- its transcript is announced
    BEGIN
        INSERT INTO announcements (event, job_id)
        VALUES (iif(NEW.status IN ('done', 'partial'), 'done', 'trouble'), NEW.id);
    END;
    CREATE TRIGGER jobs_refused AFTER INSERT ON jobs WHEN NEW.status = 'invalid' BEGIN
        INSERT INTO announcements (event, job_id) VALUES ('trouble', NEW.id);
    END;
    CREATE TRIGGER queue_held AFTER UPDATE OF hold_reason ON service
    WHEN NEW.hold_reason IS NOT NULL AND OLD.hold_reason IS NOT NEW.hold_reason BEGIN
        INSERT INTO announcements (event, reason) VALUES ('trouble', NEW.hold_reason);
    END;
    CREATE TABLE hooks (
        name TEXT PRIMARY KEY,
        told INTEGER NOT NULL,
        files INTEGER NOT NULL DEFAULT 0,
        told_at TEXT,
        tries INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        failed_at TEXT,
        problem TEXT
    ) STRICT;
    ALTER TABLE service ADD COLUMN waiting TEXT;
    """)


def m010_sounds(db: sqlite_utils.Database) -> None:
    """Stretches of music in finished texts that a service describes, and what is done of sound.

    `activity` is what the worker does beside jobs; a request for the model may state its need of
    memory, so that it can be granted while a tool for sound runs.
    """
    db.executescript(f"""
    CREATE TABLE sound_searches (
        job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL DEFAULT 'waiting',
        reason TEXT,
        detail TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        changed_at TEXT NOT NULL DEFAULT ({NOW})
    ) STRICT;
    CREATE INDEX sound_searches_waiting ON sound_searches (job_id) WHERE status = 'waiting';
    CREATE TABLE sounds (
        job_id INTEGER NOT NULL REFERENCES sound_searches (job_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        payload TEXT NOT NULL,
        stale INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (job_id, position)
    ) STRICT;
    ALTER TABLE service ADD COLUMN activity TEXT;
    ALTER TABLE model_requests ADD COLUMN needs_bytes INTEGER;
    """)


def m011_no_beats(db: sqlite_utils.Database) -> None:
    """Whether a process that asks for the model is suspended is asked of the system."""
    db.execute("ALTER TABLE model_requests DROP COLUMN beats")


def m012_changed(db: sqlite_utils.Database) -> None:
    """Paths whose outputs were written again or that were forgotten, for the library."""
    db.execute("CREATE TABLE changed (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID")


STEPS: tuple[Callable[[sqlite_utils.Database], None], ...] = (
    m001_jobs,
    m002_kept_parts,
    m003_unused_columns,
    m004_rebuilding,
    m005_model_requests,
    m006_conversations,
    m007_recordings,
    m008_writings,
    m009_daily,
    m010_sounds,
    m011_no_beats,
    m012_changed,
)
NAMES = tuple(step.__name__ for step in STEPS)


def applied(database: Database) -> list[str]:
    """Return the names of the steps that were applied to the database, in order.

    Plain SQL: sqlite-utils costs 0.4 s to import (it loads numpy), and only a migration needs it.
    """
    if not database.query("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"):
        return []
    return [
        str(row[0])
        for row in database.query(
            "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (SET,)
        )
    ]


def migrate(database: Database, steps: Sequence[Callable[..., None]] = STEPS) -> None:
    """Apply the missing ones of `steps`, in one transaction that holds the write lock.

    Foreign keys must be off, or a step that rebuilds a table would cascade.
    """
    import sqlite_utils
    from sqlite_utils.migrations import Migrations

    pending = Migrations(SET)
    for step in steps:
        pending(name=step.__name__)(step)
    # sqlite-utils would begin a deferred transaction; inside ours it uses savepoints.
    with database.transaction():
        pending.apply(sqlite_utils.Database(database.connection, execute_plugins=False))
