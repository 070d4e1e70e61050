import re
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.filter_columns import ALIASES, COLUMNS
from gatewatch.filters import FilterError, compile_filter

NOW = 1_795_255_200_000_000  # 2026-11-21T10:00:00Z

# The SQL columns of the ledger's `calls`, as ARCHITECTURE.md §10 and gatewatch/call.py name them.
TABLE = """
CREATE TABLE calls (
    call_id UUID, started_at TIMESTAMP, status VARCHAR, http_status INTEGER, error_kind VARCHAR, error_message VARCHAR,
    team VARCHAR, project VARCHAR, environment VARCHAR, key_id VARCHAR, key_name VARCHAR, "user" VARCHAR,
    feature VARCHAR, customer VARCHAR, use_case VARCHAR, task_id VARCHAR, tags MAP(VARCHAR, VARCHAR), source VARCHAR,
    client VARCHAR, endpoint VARCHAR, workload_class VARCHAR, requested_model VARCHAR, route VARCHAR, stream BOOLEAN,
    provider VARCHAR, provider_key VARCHAR, model VARCHAR, served_model VARCHAR, attempts INTEGER, cache VARCHAR,
    finish_reason VARCHAR, input_tokens BIGINT, input_uncached_tokens BIGINT, input_cache_read_tokens BIGINT,
    input_cache_write_5m_tokens BIGINT, input_cache_write_1h_tokens BIGINT, input_audio_tokens BIGINT,
    input_image_tokens BIGINT, output_tokens BIGINT, output_reasoning_tokens BIGINT, output_audio_tokens BIGINT,
    cost DECIMAL(18,12), cost_basis VARCHAR, price_row VARCHAR, latency_us BIGINT, ttft_us BIGINT, upstream_us BIGINT,
    overhead_us BIGINT, dialect VARCHAR, client_retry BIGINT, config_version VARCHAR, route_version VARCHAR,
    dropped_params VARCHAR[], key_version BIGINT, blocked_by VARCHAR, priority VARCHAR, stepped_down VARCHAR,
    queued_us BIGINT, reserved DECIMAL(18,12), estimated_input_tokens BIGINT, estimated_output_tokens BIGINT,
    estimate_percent BIGINT, routed_by VARCHAR, passed_over VARCHAR, degraded VARCHAR, region VARCHAR,
    data_class VARCHAR, retries BIGINT)
"""

CALLS: list[dict[str, object]] = [
    {
        "call_id": "019ab2f4-7c3e-7a10-8b2f-000000000001",
        "started_at": "2026-11-21 09:50:00",
        "status": "ok",
        "http_status": 200,
        "team": "search",
        "model": "gpt-4o-mini",
        "stream": True,
        "latency_us": 1_500_000,
        "input_tokens": 1200,
        "cost": Decimal("0.005615"),
        "workload_class": "code",
        "region": "eu",
        "routed_by": "canary:bot",
        "passed_over": '[["openai/gpt-4o","not in the region eu"]]',
        "retries": 2,
        "tags": {"env": "prod", "cost center": "42"},
    },
    {
        "call_id": "019ab2f4-7c3e-7a10-8b2f-000000000002",
        "started_at": "2026-11-21 08:00:00",
        "status": "error",
        "http_status": 502,
        "error_kind": "upstream_unreachable",
        "error_message": "no route to 100%_HOST",
        "team": "support",
        "model": "claude-sonnet-4-5",
        "stream": False,
        "latency_us": 90_500,
        "input_tokens": 0,
        "cost": None,
        "tags": {"env": "dev"},
    },
    {
        "call_id": "019ab2f4-7c3e-7a10-8b2f-000000000003",
        "started_at": "2026-11-20 10:00:00",
        "status": "blocked",
        "http_status": 429,
        "error_kind": "rate_limit_exceeded",
        "blocked_by": "budget:team/yes:usd:month@UTC",
        "team": None,
        "user": "100x",
        "model": None,
        "stream": False,
        "latency_us": 300,
        "input_tokens": 0,
        "cost": Decimal(0),
        "tags": {},
    },
]


@pytest.fixture(scope="module")
def calls() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute(TABLE)
    for call in CALLS:
        names = ", ".join(f'"{name}"' for name in call)
        connection.execute(f"INSERT INTO calls ({names}) VALUES ({', '.join('?' * len(call))})", list(call.values()))
    yield connection
    connection.close()


def found(calls: duckdb.DuckDBPyConnection, text: str) -> list[int]:
    where, parameters = compile_filter(text, NOW)
    rows = calls.execute(f"SELECT call_id FROM calls WHERE {where} ORDER BY call_id", parameters).fetchall()
    return [int(str(row[0])[-1]) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3]),
        ("  ", [1, 2, 3]),
        ("team=search", [1]),
        ("team = search", [1]),
        ("TEAM=search", [1]),
        ("team=Search", []),
        ("team!=search", [2, 3]),
        ('team=""', [3]),
        ("team=search,support", [1, 2]),
        ("team!=search,support", [3]),
        ("team=search, support", [1, 2]),
        ("status>=400", [2, 3]),
        ("status=ok", [1]),
        ("status=429,500,502", [2, 3]),
        ("status=ok,429", [1, 3]),
        ("status!=ok", [2, 3]),
        ("status~BLOCK", [3]),
        ("http_status<400", [1]),
        ("model~GPT", [1]),
        ("model!~gpt", [2, 3]),
        ("model~gpt,claude", [1, 2]),
        ("cost>0.005", [1]),
        ("cost_usd=0.005615", [1]),
        ("cost=0", [3]),
        ("cost=unpriced", [2]),
        ("cost!=unpriced", [1, 3]),
        ("cost<=.005615", [1, 3]),
        ("latency>1499.9", [1]),
        ("latency_ms=90.5", [2]),
        ("latency>=1s latency<2s", [1]),
        ("latency=0.3", [3]),
        ("input_tokens>1000", [1]),
        ("blocked=yes", [3]),
        ("blocked=no", [1, 2]),
        ("blocked!=No", [3]),
        ("blocked_by~budget", [3]),
        ("blocked_by~yes", [3]),
        ("stepped_down=yes", []),
        ("routed_by=yes", [1]),
        ("routed_by~canary", [1]),
        ("routed_by=no", [2, 3]),
        ("degraded=yes", []),
        ("passed_over~openai/gpt-4o", [1]),
        ("workload=code region=eu", [1]),
        ('region=""', [2, 3]),
        ("retries>1", [1]),
        ("stepped_down=no status=ok", [1]),
        ("team=yes", []),
        ("stream=yes", [1]),
        ("!stream=true", [2, 3]),
        ("time>15m", [1]),
        ("started_at>=2026-11-21 started_at<2026-11-21T09:00:00Z", [2]),
        ("tag:env=prod", [1]),
        ("tag:env!=prod", [2, 3]),
        ("tag:env~O", [1]),
        ("tag:env=prod,dev", [1, 2]),
        ('tag:env=""', [3]),
        ('tag:"cost center"=42', [1]),
        ("id=019ab2f4-7c3e-7a10-8b2f-000000000002", [2]),
        ("id=not-a-uuid", []),
        ("user=100x", [3]),
        ('"no route"', [2]),
        ("claude", [2]),
        ("000000000003", [3]),
        ("error~UNREACHABLE", [2]),
        ("error~100%_host", []),
        ("error_message~100%_host", [2]),
        ("error_message~%", [2]),
        ("error_message~0%_h", [2]),
        ("error_message~_kind", []),
        ("100% 502", []),
        ("'100%'", [2]),
        ("team=search status=ok", [1]),
        ("team=search&status=ok", [1]),
        ("team=search & status=error", []),
        ("team=search | status=error", [1, 2]),
        ("team=search | team=support status=ok", [1]),
        ("(team=search | team=support) status=error", [2]),
        ("!(team=search | team=support)", [3]),
        ("!!team=search", [1]),
        ("!team=search", [2, 3]),
        ("!(team=search status=ok)", [2, 3]),
        ("!(!team=search)", [1]),
    ],
)
def test_a_filter_finds_what_it_says(calls: duckdb.DuckDBPyConnection, text: str, expected: list[int]) -> None:
    assert found(calls, text) == expected


@pytest.mark.parametrize("name", [*COLUMNS, *ALIASES])
def test_every_column_is_one_of_the_ledger(calls: duckdb.DuckDBPyConnection, name: str) -> None:
    column = COLUMNS[ALIASES.get(name, name)]
    value = {"yes/no": "yes", "status": "ok", "text": "x", "time": "1h"}.get(column.kind, "1")
    found(calls, f"{name}={value} | {name}!={value}")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("stauts=ok", 1, "did you mean status?"),
        ("team=search  latencyms>5", 14, "did you mean latency_ms?"),
        ("zzzzzz=1", 1, "no column 'zzzzzz'"),
        ("status=okay", 8, "one of ok, error, blocked"),
        ("status>=error", 9, "compares numbers"),
        ("cost>cheap", 6, "not an amount in USD"),
        ("cost>1e5", 6, "not an amount in USD"),
        ("cost>-1", 6, "not an amount in USD"),
        ("latency>fast", 9, "not a time"),
        ("input_tokens=99999999999999999999", 14, "not a whole number"),
        ("stream=perhaps", 8, "neither true nor false"),
        ("time>yesterday", 6, "not a time"),
        ("team>search", 6, "compares numbers"),
        ("cost~5", 6, "searches in text"),
        ("cost>1,2", 6, "one value"),
        ("team=", 6, "expected a value"),
        ("team=search,", 13, "expected a value"),
        ("=search", 1, "expected a condition"),
        ("(team=search", 13, "expected )"),
        ("team=search)", 12, "closes nothing"),
        ("team=search |", 14, "expected a condition"),
        ("& team=search", 1, "expected a condition"),
        ("team='search", 6, "quote is not closed"),
        ("!", 2, "expected a condition"),
        ("(" * 100, 32, "nested 30 deep"),
        ("a " * 101, 201, "at most 100 conditions"),
        ("x" * 2001, 2001, "at most 2000 characters"),
        ("team=\udcff", 6, "no character"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text: str, column: int, message: str) -> None:
    with pytest.raises(FilterError, match=re.escape(message)) as caught:
        compile_filter(text, NOW)
    assert caught.value.column == column


def test_the_longest_filter_still_runs(calls: duckdb.DuckDBPyConnection) -> None:
    assert found(calls, "!team=a " * 50) == [1, 2, 3]
    assert found(calls, "!" * 30 + "team=search") == [1]


WORDS = "NOT|AND|OR|TRUE|FALSE|IS|NULL|CAST|AS|VARCHAR|coalesce|contains|lower|concat_ws|chr|31|tags"
COLUMN_NAMES = re.findall(r"(\w+)\"? (?:UUID|TIMESTAMP|VARCHAR|INTEGER|BIGINT|BOOLEAN|DECIMAL)", TABLE)
VOCABULARY = re.compile(rf"(?:\b(?:{'|'.join([WORDS, *COLUMN_NAMES])})\b|\"user\"|''|[()\[\],= <>?])*")

pieces = st.one_of(
    st.text(max_size=12),
    st.sampled_from([*COLUMNS, *ALIASES, "tag:a", 'tag:"a"', "drop table calls", "';--", "*/", "chr(0)"]),
    st.sampled_from(
        ["=", "!=", ">", ">=", "<", "<=", "~", "!~", "&", "|", "!", "(", ")", ",", '"', "'", " ", "\\", "%"]
    ),
    st.sampled_from(["ok", "400", "0.1", "2s", "1h", "yes", "unpriced", "2026-11-21", "1e9", "?", "$1", "[", "\x00"]),
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_no_text_becomes_sql(calls: duckdb.DuckDBPyConnection, text: str) -> None:
    """Whatever is typed: refused with a place, or SQL of the fixed vocabulary that DuckDB runs with its parameters."""
    try:
        where, parameters = compile_filter(text, NOW)
    except FilterError as error:
        refused_at = error.column
    else:
        refused_at = 0
    if refused_at:
        assert refused_at <= len(text) + 1
        return
    assert VOCABULARY.fullmatch(where), where
    assert where.count("?") == len(parameters)
    calls.execute(f"SELECT count(*) FROM calls WHERE {where}", parameters)


@pytest.mark.parametrize("quote", ['"', "'"])
@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"'"), min_size=1, max_size=30)
)
def test_quoted_text_is_searched_for_as_it_stands(calls: duckdb.DuckDBPyConnection, quote: str, text: str) -> None:
    quoted = quote + text.replace(quote, quote * 2) + quote
    where, parameters = compile_filter(f"team={quoted} | team~{quoted}", NOW)
    assert parameters == [text, text]
    calls.execute(f"SELECT count(*) FROM calls WHERE {where}", parameters)
