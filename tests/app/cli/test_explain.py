"""`gatewatch explain`: one call, told."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.cli.main import main
from gatewatch.money import usd_text
from gatewatch.paths import Home
from gatewatch.prices.book import PriceBook
from tests.kit.journals import T0, a_call, attempt, call_id, closing, opening, segment
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home").make()


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch explain …`: exit code, stdout, stderr."""

    def explain(*argv: str) -> tuple[int, str, str]:
        code = main(["explain", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return explain


def test_the_story_of_a_call_names_who_what_where_and_why_it_cost_so_much(home: Home, run: Run) -> None:
    row = PriceBook.open().find("openai", "gpt-4o", T0)
    assert row is not None
    assert row.prices.input is not None
    assert row.prices.output is not None
    cost = 100 * row.prices.input + 20 * row.prices.output
    call = a_call(0, user="ann", tags={"release": "7"}, params={"temperature": 0.5}, price_row=row.id, cost_picos=cost)
    failed = attempt(call, 1, status="error", http_status=503, error_kind="upstream_error", error_message="overloaded")
    segment(home, opening(call), failed, attempt(call, 2, connect_us=900, first_byte_us=250_000), closing(call))
    code, out, _ = run(call.call_id)
    assert code == 0
    for said in (
        "2026-11-20T10:00:00.000000Z", "search", "ann", "tag release", "temperature", "openai/gpt-4o-2024-11-20",
        "1. openai/gpt-4o, error 503 upstream_error", "overloaded", "first byte after 250.0 ms", "connected in 0.9 ms",
        f"100 × {usd_text(row.prices.input * 10**6)} per million = {usd_text(100 * row.prices.input)}",
        f"20 × {usd_text(row.prices.output * 10**6)} per million = {usd_text(20 * row.prices.output)}",
        f"{usd_text(cost)} USD, by the usage that the provider reported", row.id, "1500.0 ms in all",
    ):  # fmt: skip
        assert said in out
    assert "not by tokens" not in out
    told = json.loads(run(call.call_id, "-o", "json")[1])
    assert told["call"]["call_id"] == call.call_id
    assert [each["n"] for each in told["call"]["attempts_detail"]] == [1, 2]
    assert told["cost"]["cost_usd"] == usd_text(cost)
    assert [(line["tokens"], line["count"]) for line in told["cost"]["lines"]] == [
        ("input, uncached", 100),
        ("output", 20),
    ]


def test_a_translated_call_says_from_and_to_what_and_what_was_dropped(home: Home, run: Run) -> None:
    call = a_call(0, endpoint="chat", dialect="anthropic-messages", dropped_params=["seed", "logit_bias"])
    segment(home, attempt(call), closing(call))
    out = run(call.call_id)[1]
    assert "translated from openai-chat to anthropic-messages" in out
    assert "seed, logit_bias: the provider was not told" in out
    assert json.loads(run(call.call_id, "-o", "json")[1])["passage"] == {
        "caller_dialect": "openai-chat", "provider_dialect": "anthropic-messages", "translated": True,
        "dropped_params": ["seed", "logit_bias"],
    }  # fmt: skip


def test_a_call_that_went_straight_dropped_nothing(home: Home, run: Run) -> None:
    call = a_call(0, endpoint="messages", dialect="anthropic-messages")
    segment(home, attempt(call), closing(call))
    out = run(call.call_id)[1]
    assert "as it came, in anthropic-messages" in out
    assert "dropped" not in out


def test_a_try_says_of_its_connection_what_is_known(home: Home, run: Run) -> None:
    refused = {"status": "error", "error_kind": "upstream_unreachable", "error_message": "cannot connect"}
    answered = {"status": "error", "http_status": 502, "error_kind": "upstream_error", "first_byte_us": 900}
    call = a_call(0, status="error", http_status=502, error_kind="upstream_error", attempts=2)
    segment(home, attempt(call, 1, **refused, http_status=None), attempt(call, 2, **answered), closing(call))
    first, second = " ".join(run(call.call_id)[1].split()).partition(" 1. openai/")[2].split(" 2. openai/")
    assert "no answer" in first
    assert "connect" not in first.partition(" ms in all")[0]
    assert "connection reused, first byte after 0.9 ms" in second
    assert "no answer" not in second


def test_a_call_that_no_provider_was_asked_for_says_why(home: Home, run: Run) -> None:
    told = a_call(0, status="error", http_status=400, error_kind="unsupported_parameter", attempts=0, dialect=None)
    counted = a_call(1, endpoint="count_tokens", attempts=0, dialect=None)
    segment(home, closing(told), closing(counted))
    assert "none: nothing was sent to a provider" in run(told.call_id)[1]
    assert ", for openai/" in run(told.call_id)[1]
    assert "none: the gateway answered it by itself" in run(counted.call_id)[1]


def test_an_interrupted_call_says_that_its_end_is_not_known(home: Home, run: Run) -> None:
    call = a_call(0)
    segment(home, opening(call))
    out = run(call.call_id)[1]
    assert "interrupted" in out
    assert "nobody saw the end" in out
    assert "0.000007 USD, an estimate" in out


def test_a_refused_call_says_that_nothing_was_sent(home: Home, run: Run) -> None:
    call = a_call(0, status="blocked", http_status=429, error_kind="rate_limited", error_message="wait a minute")
    call.provider = call.model = call.served_model = call.price_row = None
    segment(home, closing(call))
    out = run(call.call_id)[1]
    assert "blocked 429 rate_limited" in out
    assert "wait a minute" in out
    assert "nothing was sent" in out


def test_an_unknown_price_is_unpriced(home: Home, run: Run) -> None:
    call = a_call(0, cost_picos=None, cost_basis="unpriced", price_row=None)
    segment(home, closing(call))
    out = run(call.call_id)[1]
    assert "unpriced, as no price is known" in out
    assert json.loads(run(call.call_id, "-o", "json")[1])["cost"]["cost_usd"] == "unpriced"


def test_hostile_text_does_not_reach_the_terminal(home: Home, run: Run) -> None:
    nasty = "\x1b[2J\u202e\x9b"
    call = a_call(0, team=nasty, tags={nasty: nasty}, params={nasty: nasty}, error_message=nasty, served_model=nasty)
    call.config_version = call.price_row = call.error_kind = nasty
    segment(home, attempt(call, error_message=nasty, upstream_request_id=nasty), closing(call))
    out = run(call.call_id)[1]
    assert not {"\x1b", "\u202e", "\x9b"} & set(out)


def test_an_unknown_call_is_exit_code_3_and_no_call_id_is_2(run: Run) -> None:
    code, out, err = run(call_id(T0))
    assert (code, out) == (3, "")
    assert "show calls" in err
    assert run("\x1b[2J")[0] == 2


CONFIG = """\
vault: file
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  bot: {{targets: [sandbox/gpt-4o]}}
  shaky: {{targets: [sandbox/fault-500, sandbox/gpt-4o]}}
limits:
  each-key: {{scope: key, requests: 50}}
budgets:
  company: {{scope: gateway, usd: 0.01}}
"""


@pytest.mark.slow
async def test_a_running_gateway_tells_the_story_of_its_calls(tmp_path: Path) -> None:
    """gpt-4o costs 2.50 and 10 USD per million: 3000 tokens of output are 0.03 USD, more than the budget."""
    with sandbox(tmp_path) as provider, gateway(tmp_path, CONFIG.format(sandbox=provider.listen)) as running:
        headers = {"authorization": f"Bearer {running.key('app')}"}

        def chat(model: str, limit: int) -> str:
            body = {"model": model, "max_tokens": limit, "messages": [{"role": "user", "content": "hello " * 40}]}
            reply = httpx.post(f"{running.base_url}/chat/completions", headers=headers, json=body, timeout=20)
            return reply.headers["x-gatewatch-call-id"]

        good, shaky, dear = chat("bot", 20), chat("shaky", 20), chat("bot", 3000)
        await until(lambda: running.ask("show", "calls"), lambda rows: len(rows) == 3)
        told = running.ask("explain", good)
        assert {check["rule"] for check in told["checked"]} == {"limits.each-key/requests/1m", "budgets.company/usd"}
        # 240 bytes at 4 a token, 4 for the message; 64 × 2.50 and 20 × 10 USD per million
        assert (told["call"]["estimated_input_tokens"], told["call"]["estimated_output_tokens"]) == (64, 20)
        assert told["call"]["reserved_usd"] == "0.00036"
        assert told["call"]["input_tokens"] != 64
        assert told["configuration"]["version"]["in_force"]
        assert told["configuration"]["version"]["file"].endswith("gatewatch.yaml")
        assert told["configuration"]["route"]["in_force"]
        assert told["next_step"] is None
        tries = running.ask("explain", shaky)["call"]["attempts_detail"]
        assert [each["http_status"] for each in tries] == [500, 200]
        refused = running.ask("explain", dear)
        assert refused["call"]["blocked_by"] == "budgets.company/usd"
        assert refused["call"]["attempts_detail"] == []
        assert refused["next_step"]["command"].startswith(
            "gatewatch budgets grant gateway --budget budgets.company/usd --usd 0.03 --until "
        )
