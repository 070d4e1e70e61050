"""A real gateway is scraped after known calls: each figure is the one that a count by hand gives."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.timespan import iso
from proxy.control.metrics.metrics import Metrics
from tests.kit.journals import a_call, closing, segment
from tests.kit.running import gateway, sandbox
from tests.kit.waiting import until

CONFIG = """\
vault: file
metrics: {{listen: 127.0.0.1:0}}
providers:
  eu: {{preset: openai, base_url: "{sandbox}/v1", api_key: env:SANDBOX_KEY, allow_private: true}}
models:
  bot: {{targets: [eu/gpt-4o]}}
  broken: {{targets: [eu/fault-500]}}
  backed: {{targets: [eu/fault-500, eu/gpt-4o]}}
limits:
  few: {{scope: team/few, requests: 1}}
budgets:
  all: {{scope: gateway, usd: 50}}
"""


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """Over all series with these labels."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        found: Counter[tuple[str, ...]] = Counter()
        for sample in self.samples:
            if sample.name == name:
                found[tuple(sample.labels[label] for label in labels)] += sample.value  # type: ignore[assignment]
        return dict(found)


def chat(model: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


@pytest.mark.slow
async def test_every_figure_is_what_a_count_by_hand_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_KEY", "sandbox")
    with sandbox(tmp_path) as provider, gateway(tmp_path, CONFIG.format(sandbox=provider.listen)) as running:
        secret, few = running.key("app"), running.key("hurried", team="few")
        assert running.running.ready["metrics"].startswith("http://127.0.0.1:")
        async with httpx.AsyncClient(base_url=running.base_url, timeout=30) as client:

            async def call(body: dict[str, Any], key: str = secret, path: str = "/chat/completions") -> httpx.Response:
                return await client.post(path, json=body, headers={"authorization": f"Bearer {key}"})

            plain = [await call(chat("bot", "one " * n)) for n in (1, 5, 500)]
            backed = await call(chat("backed"))
            good = [*plain, backed]
            assert [reply.status_code for reply in good] == [200] * 4, good[0].text
            streamed = await call(chat("bot", stream=True, stream_options={"include_usage": True}))
            (usage_line,) = [line for line in streamed.text.splitlines() if '"usage":{' in line.replace(" ", "")]
            assert (await call(chat("broken"))).status_code >= 500
            assert [(await call(chat("bot"), few)).status_code for _ in range(3)] == [200, 429, 429]
            strangers = [await call({}, "gwk_nobody", f"/wp-{n}") for n in range(3)]
            assert {reply.status_code for reply in strangers} <= {401, 404}

            async def scrape() -> Scrape:
                reply = await client.get(running.running.ready["metrics"])
                assert reply.status_code == 200
                return Scrape(reply.text)

            found = await until(scrape, lambda each: each.sum("gatewatch_calls_total") == 12)
            rows = running.ask("show", "calls", "--limit", "100")

        # calls, by what callers were told
        assert found.by("gatewatch_calls_total", "team", "status") == {
            ("search", "ok"): 5,
            ("search", "error"): 1,
            ("few", "ok"): 1,
            ("few", "blocked"): 2,
            ("", "blocked"): 3,
        }
        assert found.sum("gatewatch_calls_total", endpoint="other") == 3
        assert found.sum("gatewatch_calls_total", endpoint="chat", route="backed", status="ok") == 1
        assert found.by("gatewatch_limit_refusals_total", "rule", "team") == {("limits.few/requests/1m", "few"): 2}
        assert found.by("gatewatch_provider_tries_total", "model", "status")["gpt-4o", "ok"] == 6
        assert found.sum("gatewatch_provider_tries_total", model="fault-500", status="error") >= 2

        # tokens and money, by what replies said
        said = [reply.json()["usage"] for reply in good] + [
            msgspec.json.decode(usage_line.removeprefix("data: "))["usage"]
        ]
        tokens_of_team = {
            "input": sum(u["prompt_tokens"] for u in said),
            "output": sum(u["completion_tokens"] for u in said),
        }
        assert found.sum("gatewatch_tokens_total", team="search", token_class="output") == tokens_of_team["output"]
        total = found.sum("gatewatch_tokens_total", team="search")
        assert total == sum(tokens_of_team.values())
        few_tokens = found.sum("gatewatch_tokens_total", team="few")
        for kind in ("input", "output"):
            assert found.sum("gen_ai_client_token_usage_count", gen_ai_token_type=kind) == 6
        assert found.sum("gen_ai_client_token_usage_sum") == total + few_tokens
        told = sum(Decimal(reply.headers["x-gatewatch-cost-usd"]) for reply in good)
        of_stream = Decimal(streamed.text.partition("cost_usd=")[2].split()[0])
        cost = found.sum("gatewatch_cost_usd_total", team="search")
        assert cost == pytest.approx(float(told + of_stream), rel=1e-12)
        assert cost > 0

        # and all of it is what the ledger says
        assert len(rows) == 12
        priced = sum(Decimal(row["cost_usd"]) for row in rows if row["cost_usd"] != "unpriced")
        assert found.sum("gatewatch_cost_usd_total") == pytest.approx(float(priced), rel=1e-12)
        took = [row["latency_ms"] for row in rows if row["status"] not in ("blocked", "interrupted")]
        assert found.sum("gen_ai_client_operation_duration_seconds_count") == len(took) == 7
        assert found.sum("gen_ai_client_operation_duration_seconds_sum") == pytest.approx(sum(took) / 1000, abs=0.01)
        first = [row["ttft_ms"] for row in rows if row["ttft_ms"] is not None and row["status"] != "blocked"]
        assert found.sum("gen_ai_server_time_to_first_token_seconds_count") == len(first)
        names = found.by(
            "gen_ai_client_operation_duration_seconds_count", "gen_ai_operation_name", "gen_ai_provider_name"
        )
        assert names == {("chat", "openai"): 7}

        # now
        assert (found.sum("gatewatch_workers"), found.sum("gatewatch_calls_in_flight")) == (1, 0)
        assert found.by("gatewatch_budget_limit", "rule", "measure") == {("budgets.all/usd", "usd"): 50}
        assert found.sum("gatewatch_ledger_lag_seconds") < 30
        assert found.sum("gatewatch_metrics_folded_total") == 0
        assert found.sum("gatewatch_metrics_lost_batches_total") == 0
        assert "process_cpu_seconds_total" in {sample.name for sample in found.samples}


@pytest.fixture
def service(tmp_path: Path) -> LedgerService:
    return LedgerService(Home(tmp_path / "home").make())


async def test_counters_rise_with_every_batch_and_never_fall(service: LedgerService) -> None:
    metrics = Metrics(service, dict, quarantined=lambda: {"openai": 2})
    totals = []
    for n in range(3):
        segment(service.home, *(closing(a_call(n * 10 + each)) for each in range(n + 1)), sequence=n + 1)
        service.load_once()
        _, text = await metrics.exposed("")
        scrape = Scrape(text.decode())
        totals.append((scrape.sum("gatewatch_calls_total"), scrape.sum("gen_ai_client_token_usage_count")))
        assert scrape.sum("gatewatch_provider_keys_quarantined", provider="openai") == 2
    assert totals == [(1, 2), (3, 6), (6, 12)]
    metrics.close()
    service.close()


async def test_a_ledger_that_cannot_be_asked_leaves_budgets_out_and_nothing_else(service: LedgerService) -> None:
    metrics = Metrics(service, lambda: {"version": "1"})
    service.close()
    _, text = await metrics.exposed("")
    scrape = Scrape(text.decode())
    assert scrape.by("gatewatch_build_info", "version") == {("1",): 1}
    assert not scrape.by("gatewatch_budget_limit", "rule")
    metrics.close()


async def test_how_far_the_ledger_is_behind_is_told(service: LedgerService) -> None:
    metrics = Metrics(service, dict)
    service.load_once()
    lines = [closing(a_call(n)) for n in range(5)]
    segment(service.home, *lines)
    scrape = Scrape((await metrics.exposed(""))[1].decode())
    assert scrape.sum("gatewatch_ledger_lag_bytes") == sum(map(len, lines))
    until_us = service.lag()[1]
    assert until_us is not None
    assert iso(until_us)
    assert 0 <= scrape.sum("gatewatch_ledger_lag_seconds") < 60
    metrics.close()
    service.close()
