"""The address for Prometheus: `GET /metrics` and nothing else, under names of this machine, or with a certificate."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gatewatch.config.metrics import Metrics as Written
from gatewatch.errors import GatewatchError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from proxy.control.metrics.door import MetricsDoor
from proxy.control.metrics.metrics import Metrics
from tests.kit.certificates import certificate


@asynccontextmanager
async def door(tmp_path: Path, **written: Any) -> AsyncIterator[MetricsDoor]:
    service = LedgerService(Home(tmp_path / "home").make())
    metrics = Metrics(service, dict)
    made = MetricsDoor(metrics)
    try:
        await made.open(Written.model_validate(written), ())
        yield made
    finally:
        await made.drain(5)
        metrics.close()
        service.close()


async def test_metrics_and_nothing_else(tmp_path: Path) -> None:
    async with door(tmp_path, listen="127.0.0.1:0") as made, httpx.AsyncClient() as client:
        assert made.url is not None
        reply = await client.get(made.url)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert "gatewatch_build_info" in reply.text
        root = made.url.removesuffix("/metrics")
        for method, path, status in (
            ("GET", "/", 404), ("GET", "/v1/live", 404), ("GET", "/metrics/", 404), ("POST", "/metrics", 405),
            ("DELETE", "/metrics", 405), ("POST", "/v1/actions/keys.list", 404),
        ):  # fmt: skip
            assert (await client.request(method, root + path)).status_code == status


async def test_a_page_of_somebody_elses_name_cannot_ask(tmp_path: Path) -> None:
    async with door(tmp_path, listen="127.0.0.1:0") as made, httpx.AsyncClient() as client:
        assert made.url is not None
        reply = await client.get(made.url, headers={"host": "evil.example"})
        assert reply.status_code == 421
        assert "gatewatch_" not in reply.text


async def test_over_tls_only_those_with_a_certificate_are_answered(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "localhost")
    tls = {"cert": str(chain), "key": str(key), "client_ca": str(chain)}
    async with door(tmp_path, listen="127.0.0.1:0", tls=tls) as made:
        assert made.url is not None
        url = made.url.replace("127.0.0.1", "localhost")
        trusting = ssl.create_default_context(cafile=str(chain))
        async with httpx.AsyncClient(verify=trusting) as client:
            with pytest.raises(httpx.HTTPError):
                await client.get(url)
        trusting = ssl.create_default_context(cafile=str(chain))
        trusting.load_cert_chain(chain, key)
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(url)).status_code == 200


async def test_without_an_address_there_is_no_door(tmp_path: Path) -> None:
    async with door(tmp_path) as made:
        assert made.url is None


async def test_a_taken_address_says_how_to_go_on(tmp_path: Path) -> None:
    async with door(tmp_path, listen="127.0.0.1:0") as first:
        assert first.url is not None
        port = first.url.removesuffix("/metrics").rpartition(":")[2]
        second = MetricsDoor(Metrics(LedgerService(Home(tmp_path / "other").make()), dict))
        with pytest.raises(GatewatchError) as refused:
            await second.open(Written.model_validate({"listen": f"127.0.0.1:{port}"}), ())
        assert "metrics: {listen: HOST:PORT}" in refused.value.next_step
