PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO _sqlite_migrations VALUES(1,'llasa','m001_jobs','2026-11-29 06:58:43.504288+00:00');
INSERT INTO _sqlite_migrations VALUES(2,'llasa','m002_kept_parts','2026-11-29 06:58:43.530393+00:00');
INSERT INTO _sqlite_migrations VALUES(3,'llasa','m003_unused_columns','2026-11-29 06:58:43.567280+00:00');
INSERT INTO _sqlite_migrations VALUES(4,'llasa','m004_rebuilding','2026-11-29 06:58:43.568077+00:00');
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
    ) STRICT;
INSERT INTO jobs VALUES(1,X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f7468652d6361722e6a736f6e','1d02dd3a3df49e77044c702a3da1b8d2308504323e786af9ad229494a65e7552',43932,1795935515904461098,2277768,65024,0,0,'done',NULL,NULL,'scan',0,1,0,1,0,0,1,'566e53fb-e34a-4528-9a09-4852df6828c7',NULL,NULL,'engine=0.1.0 model=punct-en@a7d0482c32f6 part=100/12/15 cleaning=safe language=auto',3,3,176,176,4.5788162540002304012,'[["enhanced.txt", "/home/ada/llasa/var/transcripts/the-car.enhanced.txt", "bf44fdfd3e97eb8e1027c91e97ccee05a854470a4392ddcf6ad5366645f72567", false], ["metadata.json", "/home/ada/llasa/var/transcripts/the-car.metadata.json", "04e85538e16ce0f86dc8dcb8cc1660b15a2aea3ca8cdce68a69221de4c2a5fb9", false]]','[]','{"coverage": {"words_in": 176, "words_out": 176, "removed": {"loops": 0, "fillers": 0, "repeats": 0, "tags": 0}, "removals": [], "replaced": [], "parts": {"total": 3, "enhanced": 3, "fallback": 0, "uncovered": 0}, "changes": {"case": 30, "punctuation": 31, "paragraphs": 11, "speakers": 0}}, "timings": {"total_s": 29.231, "load_s": 21.044, "decode_s": 4.579, "tokens": 241, "passes": 34}, "model": {"name": "punct-en", "revision": "a7d0482c32f6", "quantization": "6-bit, group 64", "tasks": ["punctuate"]}}','2026-11-29T06:58:45.680Z','2026-11-29T06:58:45.698Z','2026-11-29T06:59:15.027Z');
INSERT INTO jobs VALUES(2,X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f616c6c6f746d656e742e6a736f6e','2a873a5053d915d451959cc6293ad309e7391ad125539dc423a307a46c6706e8',3115,1795935515903972066,2277766,65024,0,0,'running',NULL,NULL,'scan',0,1,0,1,0,0,1,'566e53fb-e34a-4528-9a09-4852df6828c7',NULL,NULL,'engine=0.1.0 model=punct-en@a7d0482c32f6 part=100/12/15 cleaning=safe language=auto',2,1,149,100,4.2661169640000480285,'[]','[]','{}','2026-11-29T06:58:45.680Z','2026-11-29T06:59:15.035Z',NULL);
INSERT INTO jobs VALUES(3,X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f6b69746368656e2d6e6f74652e6a736f6e','8dc994f9e18467b996bc6de74d940c9f21751cbb37b2a33c4e15437ce1cbdbc2',5765,1795935515904083493,2277767,65024,0,0,'queued',NULL,NULL,'scan',0,1,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,0,NULL,0,0.0,'[]','[]','{}','2026-11-29T06:58:45.680Z',NULL,NULL);
CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        status TEXT NOT NULL,
        reason TEXT,
        attempt INTEGER NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
INSERT INTO history VALUES(1,1,'queued',NULL,0,'2026-11-29T06:58:45.680Z');
INSERT INTO history VALUES(2,2,'queued',NULL,0,'2026-11-29T06:58:45.680Z');
INSERT INTO history VALUES(3,3,'queued',NULL,0,'2026-11-29T06:58:45.680Z');
INSERT INTO history VALUES(4,1,'running',NULL,1,'2026-11-29T06:58:45.698Z');
INSERT INTO history VALUES(5,1,'done',NULL,1,'2026-11-29T06:59:15.027Z');
INSERT INTO history VALUES(6,2,'running',NULL,1,'2026-11-29T06:59:15.035Z');
CREATE TABLE seen (
        path BLOB PRIMARY KEY,
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        sha256 TEXT
    ) STRICT, WITHOUT ROWID;
INSERT INTO seen VALUES(X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f616c6c6f746d656e742e6a736f6e',65024,2277766,3115,1795935515903972066,1795935515903972066,'2a873a5053d915d451959cc6293ad309e7391ad125539dc423a307a46c6706e8');
INSERT INTO seen VALUES(X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f6b69746368656e2d6e6f74652e6a736f6e',65024,2277767,5765,1795935515904083493,1795935515904083493,'8dc994f9e18467b996bc6de74d940c9f21751cbb37b2a33c4e15437ce1cbdbc2');
INSERT INTO seen VALUES(X'2f686f6d652f6164612f6c6c6173612f7661722f7472616e736372697074732f7468652d6361722e6a736f6e',65024,2277768,43932,1795935515904461098,1795935515904461098,'1d02dd3a3df49e77044c702a3da1b8d2308504323e786af9ad229494a65e7552');
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
    , rebuilding INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO service VALUES(1,29041,'566e53fb-e34a-4528-9a09-4852df6828c7',1795935523.6058437824,'0.1.0',X'2f686f6d652f6164612f6c6c617361','working',1795935557.0625240803,NULL,1795935523.6630465984,3,0.0010000000000000000208,NULL,'[{"path": "/home/ada/llasa/var/transcripts", "state": "scanned", "detail": ""}]','punct-en','a7d0482c32f6','CPU, float32 weights, OpenBLAS',192385024,2,2,31.769999999999999572,NULL,NULL,NULL,0,NULL,NULL,NULL,0);
CREATE TABLE IF NOT EXISTS "parts" (
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
INSERT INTO parts VALUES(1,0,'enhanced',73,2.734141644999908749,0,X'789c7d54c14ec3300cfd979ca369858a6d5c903820b870e282a60979adb744cdec2949572ac4bf930d09d988d2db73ed67fbbd241f2665c87d32b706c90135d81a6b068e6d09add7e6114e68ec0e42c28d5d9b917b815a6c7c7b2ef8890c0eb2809965b604b0e55e653ad9a68178676c8efd053db3cc8c08218c331179521db913d04f4ea31bee21c25e0698047888be85d1caf1a9d55ca3140148b6254f92d9f5d44625da914b2889c08ee3f4a40871cbef3321cf9ffc563128577c923f0f1c51e7d264f3ec3ced15935c9b6376622e694b473c48cbee95f9ca250792748b28c7f1d3b3ede0e0c338a922063c29aab10899fef5541e48e7435155d687524fca477ddaa35737474deeb3d0e955dda986fb2049210c304a453274386d50044f72297d617fdbf0e25099affc6475ac8a7a51aa9b07a42c03074f7d4649f0ddecb2e6c616753aa4f2a8ac96d61c21a5927a5b55f6fc88708b6f055dcd16d77555573775bd2adf7cb92855fe9c37fffc0218848b82');
INSERT INTO parts VALUES(1,1,'enhanced',78,1.0636032510001314221,0,X'789c7d54cb4ec33010fc179f239450a81097aa700109c481deaa0ab9f1a63675bdc58f860af1ef3820c4b852b86536f6ceececae3f448832a620ae05392d5d4b4a54a267af7268b914f7a2eaa40db4aa96421905286a1901b203f0c84ec9e31944e60eef1abcd9cb0048b631496b8f107a4b261260675ac2dca8d19344222d6d87c9e17bcdbcc52c0b8d1c7bcf6b4b3bd48c2a3714a3711b88ec50f18ea3268f6671e11c32690e7b13a5452af4f2e9bdcbdd80001dc82359a0960b77173af9f0e37ff4e93b74cbc9e291232794b7f6a7821d638b148f373eab2bc6a0a5d91fef1d561ae4113d2c5ce80781d88e9b14c7ce5a73a03066d703910a98e8f91fed454fbbd2139d21fe26d9ea626ad1df3c3c28c212b2244c13b4f458ccc03236ccec8a3d7044a34b5494d5136dc9a950e181f1057c4d01617e10f2dd725e3d41b1f3a2803c4ac5307ac329cc8a712cc59d8ca226bbc704d8ae5d6af52ff1aaca5b94cbcaef52535f55622f43a0014c2ba1f20a287a19d0593d9d4cebc9f96553d77533692ef235339cab3fbf000ea8a0f4');
INSERT INTO parts VALUES(1,2,'enhanced',25,0.78107135800019023008,0,X'789c7590cb8ac2401045ffa5d68d74462419d783a09bf9802052a62bda9874877e4c9061fedd76167215dcd5a9baf5b8f54b3171ca91d624eeccae13438a661f4c49b52d7df7a47a1ea2ec554b9dcf21ca0232bb1c13606f8701d0622d4f280c7e044c761444ff5253c0ec0c9041a9f3b830c9d331e315db389fce4942f19242fe4f7d090fb8670bf1fceceb18ac3bbdf379e4ee02e81dc02658c37887fc882bb31e2fddab62fe22ae3c7fb95234718c52e25a9191ce1b3914d08bbaa9745d2d578dd6bafad41fa5c9de65faef0636e7969a');
INSERT INTO parts VALUES(2,0,'enhanced',100,4.2661169640000480285,0,X'789c8d544d8bdb3010fd2f3a9b655342e8e6527aeb1ef6d485a584a54cac89a546d6187dacd794fef72a85c2bc82a039e5c9e3f1fb98d14f930b959acdd170741447b66630ab24db8e4e27f355cc70a190f9753899e258210a41caccb1a8339f15b8f8d86a367532caece3043d04f1a570822f926ebfb2467949addb9d3a7954ff975abad4cf4c5133f5114a13337c94afba982619348c56a128c5a14447cbc2917511686a166909cf8e35994059173f57ce96b68ee415c3a80b1a90b8cf1bfd599d048d93aca0c862a68cee499d9c96f4a4f946f6933b4bd5293f512a1041a60de28119a0dce53d4ad0d4b2f8d097fc086d7cbc6a89ba2b0c756af48b56f785c11a5d7b66c8726a36e26cbcf1c485ce81f3bf496915be6da576d0472ed8f9e669d9e09d77cdf105d7c8eaa5dea4f61e51cba9bf4439d4297fea184af90a23effcdc35ed4785190fd4e607f70572cbe4ad4ef51b085802c11294d5837b10d05c47d77b86be4466ab057c8edb4adbd035679176ad0ae44a906abb1cff7b1d7349b49e39250f0d1dbd41c7202b275d2078ad3144f0a2df9d6f03f417bf0ea6c895db0d79dced7783592867fe0306637914cbdf1bdadf7d381c76bbc3c3617fdf7efb8fedad1bbfe3fdafdf632e1b9e');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('jobs',3);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX jobs_chain ON jobs (path, supersedes);
CREATE INDEX jobs_status ON jobs (status, id, size);
CREATE INDEX jobs_waiting ON jobs (tried_last, priority DESC, deferred, id)
        WHERE status = 'queued';
CREATE INDEX history_job ON history (job_id);
CREATE TRIGGER jobs_inserted AFTER INSERT ON jobs BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
    END;
CREATE TRIGGER jobs_moved AFTER UPDATE OF status ON jobs
    WHEN OLD.status IS NOT NEW.status BEGIN
        INSERT INTO history (job_id, status, reason, attempt, at)
        VALUES (NEW.id, NEW.status, NEW.reason, NEW.attempt, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
    END;
COMMIT;
