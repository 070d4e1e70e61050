-- Routes as they were, so that a call's `route_version` can be explained, compared and put in force again.
CREATE TABLE route_versions (
    route      TEXT NOT NULL,
    version    TEXT NOT NULL,
    first_at   INTEGER NOT NULL,
    since      INTEGER NOT NULL, -- when the configuration last came to say so
    config     TEXT NOT NULL,    -- the configuration that did, as in `configuration_versions`
    file       TEXT,             -- NULL: there was none
    changed_by TEXT,             -- owner of the file at that moment, as far as the system tells
    changed_at INTEGER,          -- when the file was last written
    definition TEXT NOT NULL,    -- JSON: the route as workers are told of it
    PRIMARY KEY (route, version)
) WITHOUT ROWID;

-- What operators have put in force over routes and targets.
CREATE TABLE route_overrides (
    id         TEXT PRIMARY KEY, -- as rows of calls have it: `canary:chat`
    kind       TEXT NOT NULL CHECK (kind IN ('canary', 'drain', 'rollback')),
    route      TEXT,             -- NULL: every route
    target     TEXT,             -- `provider/model`; of a drain also `provider`; of a rollback NULL
    version    TEXT,             -- of a rollback: the one in force
    instead_of TEXT,             -- of a rollback: the one that the configuration asked for then
    share      INTEGER NOT NULL, -- of a canary, in hundredths of a percent
    teams      TEXT NOT NULL,    -- JSON: teams whose calls all go there
    steps      TEXT NOT NULL,    -- JSON: `["search", "25%", "100%"]`
    step       INTEGER NOT NULL, -- how many of them were taken
    every      INTEGER,          -- µs between two steps
    next_at    INTEGER,          -- when the next one is due; NULL: none is
    halted     TEXT,             -- why a canary was stopped by itself; NULL: it goes on
    since      INTEGER NOT NULL, -- from when on a canary is judged
    reason     TEXT,
    until      INTEGER,          -- NULL: until it is lifted
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) WITHOUT ROWID;

-- Targets that come last because they do not keep to their route's level (`slo`), and those that came back of late.
CREATE TABLE shifts (
    route       TEXT NOT NULL,
    target      TEXT NOT NULL,    -- `provider/model`
    misses      TEXT NOT NULL,    -- JSON: `["p95", "errors"]`; empty: it has come back
    text        TEXT NOT NULL,    -- what was measured when it was put there
    since       INTEGER NOT NULL,
    forgiven_at INTEGER NOT NULL, -- failures before that do not count; 0: all do
    relapses    INTEGER NOT NULL, -- how often in a row it came last again shortly after it had come back
    PRIMARY KEY (route, target)
) WITHOUT ROWID;

-- What the calls of a key must keep to; of an admin key: those of the keys that it makes.
ALTER TABLE virtual_keys ADD COLUMN region TEXT CHECK (region NOT GLOB '*[^a-z]*' AND length(region) BETWEEN 2 AND 20);
ALTER TABLE virtual_keys ADD COLUMN data_class TEXT
    CHECK (data_class IN ('public', 'internal', 'confidential', 'restricted'));
DROP TRIGGER keys_changed;
-- Every column but last_used_at, which changes all the time and decides nothing.
CREATE TRIGGER keys_changed AFTER UPDATE OF
    id, name, kind, team, project, user, service, environment, role, all_teams, models, routes, dialects, networks,
    region, data_class, max_uses, max_tokens, max_picos, created_at, created_by, expires_at, revoked_at, revoked_by
    ON virtual_keys BEGIN
    UPDATE generation SET n = n + 1;
    UPDATE virtual_keys SET changed = (SELECT n FROM generation) WHERE id = NEW.id;
END;
