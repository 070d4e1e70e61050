"""Whoever looks whether a worker is well needs no key and learns nothing else."""

import pytest

from tests.kit.raw_http import ask, request
from tests.kit.worker_process import Worker


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_a_worker_that_is_well_says_so_without_a_key(worker: Worker, path: str) -> None:
    reply = await ask(worker.port, request("GET", path, headers={"Authorization": ""}))
    assert (reply.status, reply.body) == (200, b"ok\n")
    assert reply.headers.keys() == {"content-type", "content-length"}


@pytest.mark.parametrize(("method", "path"), [("POST", "/health/live"), ("GET", "/health/"), ("GET", "/health/live/x")])
async def test_there_is_nothing_else(worker: Worker, method: str, path: str) -> None:
    assert (await ask(worker.port, request(method, path))).status == 404
