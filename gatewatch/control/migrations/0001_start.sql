-- Times are microseconds since the epoch, UTC. Secrets never stand here: keys as keyed digests, provider keys not at all.

CREATE TABLE teams (
    name       TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    managed_by TEXT NOT NULL DEFAULT 'control' CHECK (managed_by IN ('control', 'config'))
) WITHOUT ROWID;
-- "Search" beside "search" would split one team's spend.
CREATE UNIQUE INDEX teams_by_any_case ON teams (name COLLATE NOCASE);

CREATE TABLE projects (
    team       TEXT NOT NULL REFERENCES teams (name),
    name       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (team, name)
) WITHOUT ROWID;
CREATE UNIQUE INDEX projects_by_any_case ON projects (team, name COLLATE NOCASE);

CREATE TABLE keys (
    kid          TEXT PRIMARY KEY CHECK (length(kid) = 8),
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('client', 'admin')),
    team         TEXT NOT NULL REFERENCES teams (name),
    project      TEXT,
    environment  TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    models       TEXT CHECK (models IS NULL OR models LIKE '["%"]'),
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    revoked_by   TEXT,
    last_used_at INTEGER,
    FOREIGN KEY (team, project) REFERENCES projects (team, name)
) WITHOUT ROWID;
CREATE INDEX keys_by_name ON keys (name);
CREATE INDEX keys_by_project ON keys (team, project);

-- What is known of the provider keys in the vault; the keys themselves are only there.
CREATE TABLE provider_keys (
    name    TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    set_at  INTEGER NOT NULL,
    set_by  TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    set_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before TEXT,
    after  TEXT,
    result TEXT NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;

-- Rises with every change that decides who may call; workers compare it and read the keys again.
CREATE TABLE generation (n INTEGER NOT NULL);
INSERT INTO generation VALUES (1);
CREATE TRIGGER keys_added AFTER INSERT ON keys BEGIN UPDATE generation SET n = n + 1; END;
CREATE TRIGGER keys_removed AFTER DELETE ON keys BEGIN UPDATE generation SET n = n + 1; END;
-- Every column but last_used_at, which changes all the time and decides nothing.
CREATE TRIGGER keys_changed AFTER UPDATE OF
    kid, name, kind, team, project, environment, digest, models, created_at, created_by, expires_at, revoked_at, revoked_by
    ON keys BEGIN UPDATE generation SET n = n + 1; END;
CREATE TRIGGER teams_added AFTER INSERT ON teams BEGIN UPDATE generation SET n = n + 1; END;
CREATE TRIGGER teams_removed AFTER DELETE ON teams BEGIN UPDATE generation SET n = n + 1; END;
CREATE TRIGGER teams_changed AFTER UPDATE ON teams BEGIN UPDATE generation SET n = n + 1; END;
