-- Append-only, without keys and indexes: DuckDB's replay of DDL and of indexes after an unclean stop has open bugs.
-- Times are UTC. Exactly-once comes from `loaded`, written in the transaction that writes the facts.

CREATE TABLE calls (
    call_id UUID NOT NULL,
    day DATE NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    status VARCHAR NOT NULL,
    http_status BIGINT,
    error_kind VARCHAR,
    error_message VARCHAR,
    team VARCHAR,
    project VARCHAR,
    environment VARCHAR,
    key_id VARCHAR,
    key_name VARCHAR,
    "user" VARCHAR,
    feature VARCHAR,
    customer VARCHAR,
    use_case VARCHAR,
    task_id VARCHAR,
    tags MAP(VARCHAR, VARCHAR),
    source VARCHAR,
    client VARCHAR,
    client_retry BIGINT NOT NULL,
    endpoint VARCHAR,
    dialect VARCHAR,
    workload_class VARCHAR,
    requested_model VARCHAR,
    route VARCHAR,
    stream BOOLEAN NOT NULL,
    params VARCHAR,
    provider VARCHAR,
    provider_key VARCHAR,
    model VARCHAR,
    served_model VARCHAR,
    attempts BIGINT NOT NULL,
    cache VARCHAR,
    finish_reason VARCHAR,
    input_tokens BIGINT NOT NULL,
    input_uncached_tokens BIGINT NOT NULL,
    input_cache_read_tokens BIGINT NOT NULL,
    input_cache_write_5m_tokens BIGINT NOT NULL,
    input_cache_write_1h_tokens BIGINT NOT NULL,
    input_audio_tokens BIGINT NOT NULL,
    input_image_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    output_reasoning_tokens BIGINT NOT NULL,
    output_audio_tokens BIGINT NOT NULL,
    usage VARCHAR,
    cost DECIMAL(18, 12),
    cost_basis VARCHAR NOT NULL,
    price_row VARCHAR,
    latency_us BIGINT,
    ttft_us BIGINT,
    upstream_us BIGINT,
    overhead_us BIGINT,
    config_version VARCHAR,
    route_version VARCHAR,
    segment VARCHAR NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);

CREATE TABLE attempts (
    call_id UUID NOT NULL,
    day DATE NOT NULL,
    started_at TIMESTAMP NOT NULL,
    n BIGINT NOT NULL,
    provider VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    provider_key VARCHAR,
    status VARCHAR NOT NULL,
    http_status BIGINT,
    error_kind VARCHAR,
    error_message VARCHAR,
    upstream_request_id VARCHAR,
    connect_us BIGINT,
    first_byte_us BIGINT,
    latency_us BIGINT NOT NULL,
    segment VARCHAR NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);

CREATE TABLE rejected (
    day DATE NOT NULL,
    started_at TIMESTAMP NOT NULL,
    source VARCHAR NOT NULL,
    error_kind VARCHAR NOT NULL,
    count BIGINT NOT NULL,
    segment VARCHAR NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);

-- How far each segment is loaded. `facts` counts lines that became rows; the rest were `open` lines.
CREATE TABLE loaded (
    segment VARCHAR NOT NULL,
    upto BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    facts BIGINT NOT NULL,
    finished BOOLEAN NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);

CREATE TABLE journal_quarantine (
    segment VARCHAR NOT NULL,
    "offset" BIGINT NOT NULL,
    line VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    at_us BIGINT NOT NULL
);

-- `batch` is the transaction that wrote a row: a bucket of one batch is compact.
CREATE TABLE traffic_minute (
    bucket TIMESTAMP NOT NULL,
    batch BIGINT NOT NULL,
    endpoint VARCHAR,
    route VARCHAR,
    provider VARCHAR,
    model VARCHAR,
    provider_key VARCHAR,
    status VARCHAR,
    http_status BIGINT,
    error_kind VARCHAR,
    cache VARCHAR,
    dialect VARCHAR,
    workload_class VARCHAR,
    stream BOOLEAN,
    calls BIGINT,
    latency_us BIGINT,
    ttft_us BIGINT,
    upstream_us BIGINT,
    overhead_us BIGINT,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    example UUID,
    latency_bins MAP(SMALLINT, BIGINT),
    ttft_bins MAP(SMALLINT, BIGINT),
    upstream_bins MAP(SMALLINT, BIGINT),
    overhead_bins MAP(SMALLINT, BIGINT)
);
CREATE TABLE traffic_hour AS FROM traffic_minute LIMIT 0;
CREATE TABLE traffic_day AS FROM traffic_minute LIMIT 0;

CREATE TABLE spend_minute (
    bucket TIMESTAMP NOT NULL,
    batch BIGINT NOT NULL,
    team VARCHAR,
    project VARCHAR,
    key_id VARCHAR,
    key_name VARCHAR,
    "user" VARCHAR,
    environment VARCHAR,
    feature VARCHAR,
    customer VARCHAR,
    use_case VARCHAR,
    route VARCHAR,
    provider VARCHAR,
    model VARCHAR,
    cost_basis VARCHAR,
    calls BIGINT,
    unpriced_calls BIGINT,
    attempts BIGINT,
    input_tokens BIGINT,
    input_uncached_tokens BIGINT,
    input_cache_read_tokens BIGINT,
    input_cache_write_5m_tokens BIGINT,
    input_cache_write_1h_tokens BIGINT,
    input_audio_tokens BIGINT,
    input_image_tokens BIGINT,
    output_tokens BIGINT,
    output_reasoning_tokens BIGINT,
    output_audio_tokens BIGINT,
    cost DECIMAL(38, 12),
    last_at TIMESTAMP
);
CREATE TABLE spend_hour AS FROM spend_minute LIMIT 0;
CREATE TABLE spend_day AS FROM spend_minute LIMIT 0;

-- The names that rollups of a day tell apart: the first thousand of each dimension.
CREATE TABLE dimension_names (
    day DATE NOT NULL,
    dim VARCHAR NOT NULL,
    name VARCHAR NOT NULL
);

-- Calls whose name came later than those and are rolled up as `other`.
CREATE TABLE dimension_overflow (
    day DATE NOT NULL,
    dim VARCHAR NOT NULL,
    calls BIGINT NOT NULL
);
