-- Where kept bodies stand. Their text lies in files of one day each (`gatewatch/bodies`), which are deleted whole: DuckDB
-- leaves what was deleted in its file until the space is used again.
CREATE TABLE bodies (
    call_id UUID NOT NULL,
    day DATE NOT NULL,
    kind VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    "offset" BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    size BIGINT NOT NULL,
    cut BIGINT NOT NULL,
    redacted MAP(VARCHAR, BIGINT),
    loaded_at TIMESTAMP NOT NULL
);

-- How far each of those files is indexed. `broken`: why it cannot be read from there on.
CREATE TABLE body_files (
    file VARCHAR NOT NULL,
    day DATE NOT NULL,
    upto BIGINT NOT NULL,
    broken VARCHAR
);

-- How long each class of data is kept (NULL: for ever), and what was deleted: of the time before `deleted_before` some or
-- all of it is gone.
CREATE TABLE retention (
    class VARCHAR NOT NULL,
    keep_us BIGINT,
    deleted_before TIMESTAMP,
    deleted BIGINT NOT NULL,
    deleted_at TIMESTAMP
);
