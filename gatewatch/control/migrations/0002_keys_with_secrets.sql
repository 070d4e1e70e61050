-- A key is an identity with a budget and a history; its secrets are versions of it. Only digests of them stand here.

CREATE TABLE services (
    name       TEXT PRIMARY KEY,
    team       TEXT NOT NULL REFERENCES teams (name),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (name, team)
) WITHOUT ROWID;
CREATE UNIQUE INDEX services_by_any_case ON services (name COLLATE NOCASE);

CREATE TABLE virtual_keys (
    id           TEXT PRIMARY KEY CHECK (length(id) = 8),
    name         TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('client', 'admin')),
    team         TEXT NOT NULL REFERENCES teams (name),
    project      TEXT,
    user         TEXT,
    service      TEXT,
    environment  TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    -- Of admin keys alone: what they may do, and whether to their own team's things only.
    role         TEXT CHECK (role IN ('user', 'admin', 'super-admin')),
    all_teams    INTEGER NOT NULL DEFAULT 0 CHECK (all_teams IN (0, 1)),
    -- Lists as JSON; NULL: any.
    models       TEXT CHECK (models IS NULL OR models LIKE '["%"]'),
    routes       TEXT CHECK (routes IS NULL OR routes LIKE '["%"]'),
    dialects     TEXT CHECK (dialects IS NULL OR dialects LIKE '["%"]'),
    networks     TEXT CHECK (networks IS NULL OR networks LIKE '["%"]'),
    -- Over the key's whole life; NULL: no cap.
    max_uses     INTEGER CHECK (max_uses > 0),
    max_tokens   INTEGER CHECK (max_tokens > 0),
    max_picos    INTEGER CHECK (max_picos > 0),
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    revoked_by   TEXT,
    last_used_at INTEGER,
    changed      INTEGER NOT NULL DEFAULT 0, -- the generation that it changed in
    CHECK ((kind = 'admin') = (role IS NOT NULL)),
    CHECK (user IS NULL OR service IS NULL),
    -- Admin keys make no calls.
    CHECK (kind = 'client' OR coalesce(models, routes, dialects, max_uses, max_tokens, max_picos) IS NULL),
    CHECK (all_teams = 0 OR project IS NULL),
    FOREIGN KEY (team, project) REFERENCES projects (team, name),
    FOREIGN KEY (service, team) REFERENCES services (name, team)
) WITHOUT ROWID;

CREATE TABLE key_secrets (
    kid          TEXT PRIMARY KEY CHECK (length(kid) = 8),
    key_id       TEXT NOT NULL REFERENCES virtual_keys (id),
    version      INTEGER NOT NULL CHECK (version > 0),
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    rotation_id  TEXT,
    valid_until  INTEGER, -- set when a newer one replaced it; NULL: as long as the key
    last_used_at INTEGER,
    changed      INTEGER NOT NULL DEFAULT 0,
    UNIQUE (key_id, version)
) WITHOUT ROWID;
CREATE UNIQUE INDEX one_secret_without_an_end ON key_secrets (key_id) WHERE valid_until IS NULL;
-- A rotation happens once, however often it is asked for.
CREATE UNIQUE INDEX key_secrets_by_rotation ON key_secrets (key_id, rotation_id) WHERE rotation_id IS NOT NULL;

-- What keys with caps have used; written by workers, before and after each of their calls.
CREATE TABLE key_allowances (
    key_id TEXT PRIMARY KEY REFERENCES virtual_keys (id),
    uses   INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    picos  INTEGER NOT NULL DEFAULT 0,
    -- The sums of its rows in key_holds.
    held_tokens INTEGER NOT NULL DEFAULT 0,
    held_picos  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
-- What calls in flight may cost at most; one that is never settled counts as spent when it is too old to be running.
CREATE TABLE key_holds (
    call_id TEXT PRIMARY KEY,
    key_id  TEXT NOT NULL REFERENCES virtual_keys (id),
    tokens  INTEGER NOT NULL,
    picos   INTEGER NOT NULL,
    at      INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO virtual_keys (id, name, kind, team, project, environment, role, all_teams, models, created_at, created_by,
    expires_at, revoked_at, revoked_by, last_used_at)
SELECT kid, name, kind, team, project, environment, CASE kind WHEN 'admin' THEN 'admin' END, 0,
    CASE kind WHEN 'client' THEN models END,
    created_at, created_by, expires_at, revoked_at, revoked_by, last_used_at FROM keys;
INSERT INTO key_secrets (kid, key_id, version, digest, created_at, created_by, last_used_at)
SELECT kid, kid, 1, digest, created_at, created_by, last_used_at FROM keys;
DROP TABLE keys;
CREATE INDEX virtual_keys_by_name ON virtual_keys (name);
CREATE INDEX virtual_keys_by_project ON virtual_keys (team, project);
CREATE INDEX virtual_keys_by_service ON virtual_keys (service);
CREATE INDEX key_secrets_by_key ON key_secrets (key_id);

CREATE INDEX virtual_keys_by_change ON virtual_keys (changed);
CREATE INDEX key_secrets_by_change ON key_secrets (changed);

-- Workers read what changed since the generation they know; all of it where rows are gone.
ALTER TABLE generation ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER keys_added AFTER INSERT ON virtual_keys BEGIN
    UPDATE generation SET n = n + 1;
    UPDATE virtual_keys SET changed = (SELECT n FROM generation) WHERE id = NEW.id;
END;
-- Every column but last_used_at, which changes all the time and decides nothing.
CREATE TRIGGER keys_changed AFTER UPDATE OF
    id, name, kind, team, project, user, service, environment, role, all_teams, models, routes, dialects, networks,
    max_uses, max_tokens, max_picos, created_at, created_by, expires_at, revoked_at, revoked_by
    ON virtual_keys BEGIN
    UPDATE generation SET n = n + 1;
    UPDATE virtual_keys SET changed = (SELECT n FROM generation) WHERE id = NEW.id;
END;
CREATE TRIGGER keys_removed AFTER DELETE ON virtual_keys BEGIN UPDATE generation SET n = n + 1, removed_at = n + 1; END;
CREATE TRIGGER secrets_added AFTER INSERT ON key_secrets BEGIN
    UPDATE generation SET n = n + 1;
    UPDATE key_secrets SET changed = (SELECT n FROM generation) WHERE kid = NEW.kid;
END;
CREATE TRIGGER secrets_changed AFTER UPDATE OF kid, key_id, version, digest, valid_until ON key_secrets BEGIN
    UPDATE generation SET n = n + 1;
    UPDATE key_secrets SET changed = (SELECT n FROM generation) WHERE kid = NEW.kid;
END;
CREATE TRIGGER secrets_removed AFTER DELETE ON key_secrets BEGIN
    UPDATE generation SET n = n + 1, removed_at = n + 1;
END;

-- What no program may do by mistake.
CREATE TRIGGER keys_stay_what_they_are BEFORE UPDATE OF id, kind, team, environment, role, all_teams ON virtual_keys
WHEN (NEW.id, NEW.kind, NEW.team, NEW.environment, NEW.role, NEW.all_teams)
    IS NOT (OLD.id, OLD.kind, OLD.team, OLD.environment, OLD.role, OLD.all_teams)
BEGIN SELECT RAISE(ABORT, 'a key stays what it is'); END;
CREATE TRIGGER revoked_keys_stay_revoked BEFORE UPDATE OF revoked_at ON virtual_keys
WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
BEGIN SELECT RAISE(ABORT, 'a revoked key stays revoked'); END;
CREATE TRIGGER secrets_get_no_more_time BEFORE UPDATE OF valid_until ON key_secrets
WHEN OLD.valid_until IS NOT NULL AND (NEW.valid_until IS NULL OR NEW.valid_until > OLD.valid_until)
BEGIN SELECT RAISE(ABORT, 'a replaced secret gets no more time'); END;
CREATE TRIGGER services_stay_with_their_team BEFORE UPDATE OF name, team ON services
WHEN (NEW.name, NEW.team) IS NOT (OLD.name, OLD.team)
BEGIN SELECT RAISE(ABORT, 'a service is one team''s for good'); END;

-- Networks that a key was used from, as prefixes.
CREATE TABLE key_networks (
    key_id        TEXT NOT NULL REFERENCES virtual_keys (id),
    network       TEXT NOT NULL,
    first_used_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, network)
) WITHOUT ROWID;

-- Who among the login users of this machine may do what; '*' stands for all who are not named.
CREATE TABLE operators (
    name   TEXT PRIMARY KEY,
    role   TEXT NOT NULL CHECK (role IN ('none', 'user', 'admin', 'super-admin')),
    set_at INTEGER NOT NULL,
    set_by TEXT NOT NULL
) WITHOUT ROWID;

-- Keys of providers that must not be used for now. `version` tells whether it is still the same key.
CREATE TABLE provider_key_quarantine (
    provider TEXT NOT NULL,
    key_id   TEXT NOT NULL,
    model    TEXT NOT NULL DEFAULT '', -- '': all of them
    version  TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('refused', 'exhausted')),
    reason   TEXT NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,         -- when one call may try it again
    failures INTEGER NOT NULL,
    PRIMARY KEY (provider, key_id, model)
) WITHOUT ROWID;

-- What the provider calls a key that a rotation had it make; NULL: it was made elsewhere.
ALTER TABLE provider_keys ADD COLUMN provider_id TEXT;

-- One row for each rotation of a provider's key, from its beginning; `step` is the last one that was finished.
CREATE TABLE provider_rotations (
    id         TEXT PRIMARY KEY,
    provider   TEXT NOT NULL,
    key_id     TEXT NOT NULL,
    entry      TEXT NOT NULL,          -- the vault's name of the secret
    step       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('running', 'done', 'rolled-back', 'failed', 'abandoned')),
    started_at INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    cancel_by  TEXT,                   -- who asked for it to be rolled back
    detail     TEXT NOT NULL           -- JSON, no secrets
) WITHOUT ROWID;
-- One that failed waits for an operator, and holds the old secret until then.
CREATE UNIQUE INDEX one_rotation_of_a_key_at_a_time ON provider_rotations (entry) WHERE state IN ('running', 'failed');

-- Who, with what right, from where; and the chain that shows whether the trail was touched.
ALTER TABLE audit ADD COLUMN role TEXT;
ALTER TABLE audit ADD COLUMN source TEXT;
ALTER TABLE audit ADD COLUMN request_id TEXT;
CREATE TABLE audit_chain (
    seq  INTEGER PRIMARY KEY,
    hash TEXT NOT NULL
);
CREATE TABLE audit_seals (
    seq    INTEGER PRIMARY KEY,
    seal   TEXT NOT NULL,
    key_id TEXT NOT NULL
);
CREATE TRIGGER chain_is_not_changed BEFORE UPDATE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER chain_is_not_cut BEFORE DELETE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER seals_are_not_changed BEFORE UPDATE ON audit_seals BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
CREATE TRIGGER seals_are_not_cut BEFORE DELETE ON audit_seals BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END;
