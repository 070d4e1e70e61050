"""How fast the ledger loads and answers: `python -m benchmarks ledger [--calls N] [--rounds N]`.

Loads a generated journal (three lines per call, as a worker writes them) in fresh homes, then builds a ledger of
`--calls` calls over the last 30 days and asks it named queries, as the control process does. Prints Markdown on stdout,
medians with their range; progress goes to stderr.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.machine import Watch, description
from benchmarks.spread import Spread, spread
from gatewatch.call import Attempt, Call, line
from gatewatch.ledger.compact import compact
from gatewatch.ledger.connect import connect, default_threads
from gatewatch.ledger.families import FAMILIES, UNITS
from gatewatch.ledger.schema import migrate
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.timespan import iso

SEED = 20261121
DAYS = 30
CHUNK = 1_000_000
KEYS = 200
TEAMS = 20
MODELS = (("openai", "gpt-5-mini"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"))
DAY_US = UNITS["day"]


def main(argv: list[str]) -> int:
    """Returns 0 where all was measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ledger", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000_000, help="in the ledger that is asked (default: 10M)")
    parser.add_argument("--journal", type=int, default=100_000, metavar="CALLS", help="calls to load (default: 100k)")
    parser.add_argument("--rounds", type=int, default=5, help="of loading, and times three of each query")
    parser.add_argument("--only-ask", action="store_true", help="load nothing")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build the ledger there, or ask the one that is there")
    args = parser.parse_args(argv)
    facts = description() | {"duckdb": duckdb.__version__, "threads of DuckDB": str(default_threads())}
    sys.stdout.write("".join(f"- {name}: {value}\n" for name, value in facts.items()))
    with tempfile.TemporaryDirectory(prefix="gatewatch-ledger-") as folder:
        if not args.only_ask:
            loading(Path(folder), args.journal, args.rounds)
        home = Home(args.keep or Path(folder) / "asked").make()
        if not home.ledger.exists():
            build(home, args.calls)
        asking(home, args.rounds * 3)
    return 0


def loading(folder: Path, calls: int, rounds: int) -> None:
    """Rows per second of `load_once`, from the first byte to all rows, rollups and offsets in the file."""
    journal = folder / "journal.jsonl"
    write_journal(journal, calls)
    rates, processor, remarks = [], [], set[str]()
    for number in range(rounds):
        home = Home(folder / f"round-{number}").make()
        (home.journal / "20261121T000000Z-0123abcd-000001.jsonl").write_bytes(journal.read_bytes())
        service, watch = LedgerService(home), Watch()
        service.ask("overview")  # opens the file
        began, began_processor = time.perf_counter(), time.process_time()
        lines = service.load_once().lines
        rates.append(lines / (time.perf_counter() - began))
        processor.append(lines / (time.process_time() - began_processor))
        remarks.add(watch.disturbance())
        service.close()
    sys.stdout.write(
        f"\nLoading {3 * calls:,} lines ({journal.stat().st_size >> 20} MB), with rollups, packing and compaction;"
        f" {rounds} rounds{_remark(remarks)}:\n\n"
        f"| | rows/s |\n|---|---|\n| elapsed | {text(spread(rates), 0)} |\n"
        f"| per second of processor | {text(spread(processor), 0)} |\n"
    )


def write_journal(path: Path, calls: int) -> None:
    """`calls` calls as a worker journals them, ten milliseconds apart, the same ones at each run."""
    chance = random.Random(SEED)
    at_us = 1_763_700_000_000_000
    with path.open("wb") as journal:
        for _ in range(calls):
            at_us += chance.randrange(20_000)
            high = f"{at_us // 1000 << 16 | 0x7000 | at_us % 1000 * 4:016x}"
            low = f"{chance.getrandbits(62) | 1 << 63:016x}"
            call_id = f"{high[:8]}-{high[8:12]}-{high[12:]}-{low[:4]}-{low[4:]}"
            key, (provider, model) = chance.randrange(KEYS), chance.choice(MODELS)
            call = Call(
                call_id=call_id,
                started_at=at_us,
                team=f"team-{key % TEAMS}",
                project=f"project-{key % TEAMS}",
                environment="production",
                key_id=f"k{key:07}",
                key_name=f"key {key}",
                user=f"user-{key * 5 + chance.randrange(5)}",
                feature="chat",
                tags={"feature": "chat", "release": "2026-11"},
                source="127.0.0.1",
                client="OpenAI/Python 3.52.0",
                endpoint="/v1/chat/completions",
                dialect="openai-chat",
                requested_model="support-bot",
                route="support-bot",
                stream=chance.random() < 0.5,
                params={"temperature": 0.2, "max_tokens": 256},
                input_uncached_tokens=500,
                cost_picos=1_000_000_000,
                cost_basis="estimated",
                config_version="c-0123456789ab",
            )
            journal.write(line("open", call))
            latency = int(chance.lognormvariate(13.5, 0.8))
            attempt = Attempt(call_id=call_id, started_at=at_us + 200, n=1, provider=provider, model=model)
            attempt.provider_key, attempt.http_status, attempt.latency_us = f"{provider}#1", 200, latency - 400
            journal.write(line("attempt", attempt))
            failed = chance.random() < 0.04
            call.status, call.http_status = ("error", 502) if failed else ("ok", 200)
            call.error_kind = "upstream_timeout" if failed else None
            call.provider, call.model, call.served_model, call.attempts = provider, model, model, 1
            call.provider_key, call.finish_reason = attempt.provider_key, None if failed else "stop"
            call.input_uncached_tokens, call.input_cache_read_tokens = chance.randrange(2000), chance.randrange(1000)
            call.output_tokens = chance.randrange(500)
            call.usage = {"prompt_tokens": 1500, "completion_tokens": 200, "total_tokens": 1700}
            call.cost_picos, call.cost_basis = chance.randrange(10**10), "reported"
            call.price_row = f"{provider}/{model}@any#01234567"
            call.latency_us, call.ttft_us, call.upstream_us, call.overhead_us = (
                latency,
                latency // 3,
                latency - 700,
                700,
            )
            journal.write(line("close", call))


def build(home: Home, calls: int) -> None:
    """A ledger of so many calls, evenly over the last days; its rollups come from the recorder's own SQL."""
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    now_us = time.time_ns() // 1000
    step = DAYS * DAY_US / calls
    for begin in range(0, calls, CHUNK):
        end = min(begin + CHUNK, calls)
        sys.stderr.write(f"\rbuilding: {begin:,} of {calls:,} calls")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE batch AS {_calls_sql(now_us - DAYS * DAY_US, step, begin, end)}"
        )
        loaded = f"make_timestamp({now_us}) AS loaded_at"
        connection.execute(f"INSERT INTO calls BY NAME SELECT * EXCLUDE (weight, is_call), {loaded} FROM batch")
        for family in FAMILIES:
            for unit in UNITS:
                delta = family.of_calls("batch", f"date_trunc('{unit}', started_at)", family.dims)
                connection.execute(
                    f"INSERT INTO {family.table(unit)} BY NAME SELECT *, {begin + 1} AS batch FROM ({delta})"
                    " ORDER BY bucket"
                )
    sys.stderr.write("\rcompacting                                   ")
    compact(connection, now_us + 2 * DAY_US)
    connection.execute("CHECKPOINT")
    connection.close()
    sys.stderr.write("\n")


def _calls_sql(since_us: int, step: float, begin: int, end: int) -> str:
    """Calls number `begin` to `end`, in the shape of the recorder's `batch`. Hashes of the number stand for chance."""
    ids = "printf('%012x', at_us // 1000), printf('%016x', hash(i))"
    models = (
        "CASE hash(i, 3) % 3 " + " ".join(f"WHEN {n} THEN '{model}'" for n, (_, model) in enumerate(MODELS)) + " END"
    )
    providers = (
        "CASE hash(i, 3) % 3 " + " ".join(f"WHEN {n} THEN '{name}'" for n, (name, _) in enumerate(MODELS)) + " END"
    )
    return f"""
        WITH numbers AS (SELECT i, {since_us} + (i * {step})::BIGINT AS at_us FROM range({begin}, {end}) AS r(i)),
        chances AS (SELECT *, hash(i, 1) % {KEYS} AS key, (hash(i, 2) % 1000000) / 1000000.0 AS u FROM numbers),
        times AS (
            SELECT *, (200000 + 400000 * (-ln(1 - u)))::BIGINT AS latency_us,
                CASE WHEN hash(i, 4) % 100 < 4 THEN 'error' ELSE 'ok' END AS status
            FROM chances
        )
        SELECT (list_extract(x, 1)[1:8] || '-' || list_extract(x, 1)[9:12] || '-7' || list_extract(x, 2)[1:3] || '-8'
                || list_extract(x, 2)[4:6] || '-' || list_extract(x, 2)[5:16])::UUID AS call_id,
            make_timestamp(at_us)::DATE AS day, make_timestamp(at_us) AS started_at,
            make_timestamp(at_us + latency_us) AS ended_at, status,
            CASE status WHEN 'ok' THEN 200 ELSE 502 END::BIGINT AS http_status,
            CASE status WHEN 'error' THEN 'upstream_timeout' END AS error_kind,
            'team-' || key % {TEAMS} AS team, 'project-' || key % {TEAMS} AS project, 'production' AS environment,
            printf('k%07d', key) AS key_id, 'key ' || key AS key_name, 'user-' || (key * 5 + hash(i, 5) % 5) AS "user",
            'chat' AS feature, NULL::VARCHAR AS customer, NULL::VARCHAR AS use_case,
            '/v1/chat/completions' AS endpoint, 'openai-chat' AS dialect, NULL::VARCHAR AS workload_class,
            'support-bot' AS requested_model, 'support-bot' AS route, hash(i, 6) % 2 = 0 AS stream,
            NULL::VARCHAR AS cache,
            {providers} AS provider, {providers} || '#1' AS provider_key, {models} AS model, {models} AS served_model,
            1::BIGINT AS attempts, 0::BIGINT AS client_retry, MAP {{'feature': 'chat'}} AS tags,
            (hash(i, 7) % 3000)::BIGINT AS input_tokens, (hash(i, 7) % 3000)::BIGINT AS input_uncached_tokens,
            0::BIGINT AS input_cache_read_tokens, 0::BIGINT AS input_cache_write_5m_tokens,
            0::BIGINT AS input_cache_write_1h_tokens, 0::BIGINT AS input_audio_tokens, 0::BIGINT AS input_image_tokens,
            (hash(i, 8) % 500)::BIGINT AS output_tokens, 0::BIGINT AS output_reasoning_tokens,
            0::BIGINT AS output_audio_tokens,
            ((hash(i, 9) % 10000000000)::DECIMAL(18, 0) * 0.000000000001::DECIMAL(12, 12))::DECIMAL(18, 12) AS cost,
            'reported' AS cost_basis, {providers} || '/' || {models} || '@any#01234567' AS price_row,
            latency_us, latency_us // 3 AS ttft_us, latency_us - 700 AS upstream_us, 700::BIGINT AS overhead_us,
            'c-0123456789ab' AS config_version, 'built' AS segment, 1::BIGINT AS weight, TRUE AS is_call
        FROM (SELECT *, [{ids}] AS x FROM times)"""


def asking(home: Home, rounds: int) -> None:
    """Milliseconds of each named query, asked in turn, answers decoded to Python values."""
    service = LedgerService(home)
    call_id = service.ask("calls", limit=1, until="15d").rows[0]["call_id"]
    day = {"since": "24h"}
    month = {"since": f"{DAYS}d"}
    questions: dict[str, Callable[[], object]] = {
        "overview, 1 h": lambda: service.ask("overview"),
        "overview, 24 h": lambda: service.ask("overview", **day),
        "overview, 30 d": lambda: service.ask("overview", **month),
        "overview, 24 h, a team (from the calls)": lambda: service.ask("overview", where="team=team-3", **day),
        "series, 1 h by minutes": lambda: service.ask("series", step=60),
        "series, 30 d by hours": lambda: service.ask("series", step=3600, **month),
        "latency by model, 24 h": lambda: service.ask("latency", **day),
        "spend by team, 30 d": lambda: service.ask("spend", **month),
        "spend by user, 30 d": lambda: service.ask("spend", by="user", **month),
        "errors by provider, 24 h": lambda: service.ask("errors", **day),
        "calls, newest 100": lambda: service.ask("calls"),
        "calls, 100 errors of a team": lambda: service.ask("calls", where="team=team-3 status=error"),
        "calls, 100 before one of 15 days ago": lambda: service.ask("calls", before=call_id),
        "calls, a filter that nothing meets": lambda: service.ask("calls", where="user=nobody"),
        "one call by its id": lambda: service.ask("call", call_id=call_id),
    }
    times: dict[str, list[float]] = {name: [] for name in questions}
    processor: dict[str, list[float]] = {name: [] for name in questions}
    watch = Watch()
    for _ in range(rounds):
        for name, question in questions.items():
            began, began_processor = time.perf_counter(), time.process_time()
            question()
            times[name].append((time.perf_counter() - began) * 1000)
            processor[name].append((time.process_time() - began_processor) * 1000)
    calls = service.ask("overview", since=f"{DAYS + 1}d").rows[0]["calls"]
    size = home.ledger.stat().st_size >> 20
    sys.stdout.write(
        f"\nAsking a ledger of {calls:,} calls ({size} MB), newest {iso(time.time_ns() // 1000)[:10]}; {rounds} rounds"
        f"{_remark({watch.disturbance()})}:\n\n| query | ms | ms of processor |\n|---|---|---|\n"
    )
    for name, found in times.items():
        sys.stdout.write(f"| {name} | {text(spread(found), 1)} | {text(spread(processor[name]), 1)} |\n")
    service.close()


def text(found: Spread, digits: int) -> str:
    """A median with its range."""
    return f"{found.median:,.{digits}f} ({found.low:,.{digits}f}–{found.high:,.{digits}f})"


def _remark(remarks: set[str]) -> str:
    said = sorted(filter(None, remarks))
    return f" (disturbed: {'; '.join(said)})" if said else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
