CREATE INDEX announcements_job ON announcements (job_id);

CREATE INDEX conversations_changed ON conversations (changed_at);

CREATE INDEX history_job ON history (job_id);

CREATE UNIQUE INDEX jobs_chain ON jobs (path, supersedes);

CREATE INDEX jobs_status ON jobs (status, id, size);

CREATE INDEX jobs_waiting ON jobs (tried_last, priority DESC, deferred, id)
        WHERE status = 'queued';

CREATE UNIQUE INDEX model_requests_granted ON model_requests (granted_at IS NOT NULL)
        WHERE granted_at IS NOT NULL
    ;

CREATE INDEX sound_searches_waiting ON sound_searches (job_id) WHERE status = 'waiting';

CREATE INDEX speaker_searches_wanted ON speaker_searches (job_id) WHERE state = 'wanted'
    ;

CREATE INDEX writings_status ON writings (status);

CREATE TABLE announcements (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event TEXT NOT NULL,
        job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE,
        reason TEXT,
        at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) STRICT;

CREATE TABLE changed (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL,
        model TEXT NOT NULL,
        revision INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) STRICT;

CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL,
        reason TEXT,
        attempt INTEGER NOT NULL,
        at TEXT NOT NULL
    ) STRICT;

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
        figures TEXT NOT NULL DEFAULT '{}',
        created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        started_at TEXT,
        finished_at TEXT
    , kind TEXT NOT NULL DEFAULT 'transcript') STRICT;

CREATE TABLE messages (
        conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (conversation_id, position)
    ) STRICT;

CREATE TABLE model_requests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        who TEXT NOT NULL,
        pid INTEGER NOT NULL,
        birth TEXT NOT NULL,
        asked_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        granted_at TEXT
    , needs_bytes INTEGER) STRICT
    ;

CREATE TABLE "parts" (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        status TEXT,
        words INTEGER NOT NULL DEFAULT 0,
        decode_s REAL NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        payload BLOB,
        PRIMARY KEY (job_id, position)
    ) STRICT
    ;

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
        hold_reason TEXT,
        hold_hint TEXT,
        held_since TEXT,
        paused INTEGER NOT NULL DEFAULT 0,
        pause_reason TEXT,
        paused_until REAL,
        paused_since TEXT
    , rebuilding INTEGER NOT NULL DEFAULT 0, heard_s REAL, length_s REAL, waiting TEXT, activity TEXT) STRICT;

CREATE TABLE sound_searches (
        job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL DEFAULT 'waiting',
        reason TEXT,
        detail TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) STRICT;

CREATE TABLE sounds (
        job_id INTEGER NOT NULL REFERENCES sound_searches (job_id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        payload TEXT NOT NULL,
        stale INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (job_id, position)
    ) STRICT;

CREATE TABLE speaker_searches (
        job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        state TEXT NOT NULL DEFAULT 'wanted',
        attempts INTEGER NOT NULL DEFAULT 0,
        detail TEXT
    ) STRICT
    ;

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
        changed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) STRICT;

CREATE TABLE written (
        job_id INTEGER NOT NULL REFERENCES writings (job_id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        payload TEXT NOT NULL,
        PRIMARY KEY (job_id, key)
    ) STRICT;

CREATE TRIGGER jobs_ended AFTER UPDATE OF status ON jobs
    WHEN OLD.status IS NOT NEW.status AND NEW.status IN ('done', 'partial', 'failed', 'invalid')
    AND NOT (NEW.kind = 'recording' AND NEW.status = 'done')  -- its transcript is announced
    BEGIN
        INSERT INTO announcements (event, job_id)
        VALUES (iif(NEW.status IN ('done', 'partial'), 'done', 'trouble'), NEW.id);
    END;

CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
    END;

CREATE TRIGGER jobs_moved AFTER UPDATE OF status ON jobs
    WHEN OLD.status IS NOT NEW.status BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
    END;

CREATE TRIGGER jobs_refused AFTER INSERT ON jobs WHEN NEW.status = 'invalid' BEGIN
        INSERT INTO announcements (event, job_id) VALUES ('trouble', NEW.id);
    END;

CREATE TRIGGER queue_held AFTER UPDATE OF hold_reason ON service
    WHEN NEW.hold_reason IS NOT NULL AND OLD.hold_reason IS NOT NEW.hold_reason BEGIN
        INSERT INTO announcements (event, reason) VALUES ('trouble', NEW.hold_reason);
    END;
