-- Limits and budgets that operators made, beside those of the configuration file.
CREATE TABLE rules (
    id         TEXT PRIMARY KEY,  -- as `gatewatch.limits.rule.Rule.id`
    rule       TEXT NOT NULL,     -- the rule as JSON, without its grants
    team       TEXT,              -- whose it is; NULL: of nobody alone
    by_team    TEXT,              -- the only team of whoever changed it last; NULL: somebody of all teams
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    removed_at INTEGER            -- NULL: in force
) WITHOUT ROWID;

-- What lifts a ceiling for a while, once; kept for ever, as the trail of money is.
CREATE TABLE grants (
    id         TEXT PRIMARY KEY,
    rule_id    TEXT NOT NULL,
    team       TEXT,                                -- whose the rule is; NULL: of nobody alone
    amount     INTEGER NOT NULL CHECK (amount > 0), -- in the rule's measure
    since      INTEGER NOT NULL,
    until      INTEGER NOT NULL CHECK (until > since),
    reason     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX grants_by_end ON grants (until);

-- What counters had when it was last written down, for a start while the ledger cannot be read.
CREATE TABLE counter_checkpoint (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    at        INTEGER NOT NULL,
    seeds     TEXT NOT NULL     -- `gatewatch.limits.counters.Seeds` as JSON
) WITHOUT ROWID;

-- Alerts that fire, or have fired: one row for each alert and subject.
CREATE TABLE alerts (
    id         TEXT PRIMARY KEY,  -- ALERT|SUBJECT
    alert      TEXT NOT NULL,
    subject    TEXT NOT NULL,     -- as scopes are written: `team/search`; of a budget its counter
    who        TEXT,              -- what people call the key that it is about
    state      TEXT NOT NULL CHECK (state IN ('firing', 'acknowledged', 'cleared')),
    severity   TEXT NOT NULL,
    value      TEXT NOT NULL,     -- what was measured last, for people
    fired_value TEXT NOT NULL,    -- what was measured when it fired
    measured   INTEGER,           -- the value in its unit; NULL: nothing is seen of it any more
    bound      INTEGER NOT NULL,
    unit       TEXT NOT NULL,
    threshold  TEXT NOT NULL,
    text       TEXT NOT NULL,     -- one line for people
    since      INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    told       TEXT NOT NULL,     -- JSON: sinks that know that it fires, and not yet that it is over
    outdone_by TEXT,              -- id of one that says more of the same budget; NULL: none
    lifted     INTEGER NOT NULL,  -- whether an operator has lifted what it had put in force
    acknowledged_by TEXT,
    note       TEXT,
    actions    TEXT NOT NULL      -- JSON: what it has put in force
) WITHOUT ROWID;
CREATE TABLE alert_silences (
    id         TEXT PRIMARY KEY,
    pattern    TEXT NOT NULL,    -- an alert's id, or ALERT alone
    until      INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) WITHOUT ROWID;

-- Configurations that were in force, so that a call's `config_version` can be explained.
CREATE TABLE configuration_versions (
    version    TEXT PRIMARY KEY,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    file       TEXT,             -- NULL: there was none
    changed_by TEXT,             -- owner of the file at that moment, as far as the system tells
    changed_at INTEGER,          -- when the file was last written
    tree       TEXT NOT NULL,    -- JSON: path of a key → value; secrets are references
    routes     TEXT NOT NULL,    -- JSON: route → version
    rules      TEXT NOT NULL     -- JSON: the limits and budgets in it, as in `rules`
) WITHOUT ROWID;
