"""Names of hosts as they stand in a Host header, and heads that nothing is wrong with."""

import pytest

from proxy.http_server.bounds import Bounds
from proxy.http_server.head import check_head, host_name
from proxy.settings import Caps


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"localhost", b"localhost"),
        (b"LOCALHOST:4000", b"localhost"),
        (b"127.0.0.1:4000", b"127.0.0.1"),
        (b"[::1]", b"[::1]"),
        (b"[::1]:4000", b"[::1]"),
        (b"gateway.example:443", b"gateway.example"),
        (b"", b""),
        (b":4000", b""),
        (b"[", b""),
        (b"[::1", b""),
    ],
)
def test_a_host_is_named_without_its_port(value: bytes, name: bytes) -> None:
    assert host_name(value) == name


@pytest.fixture
async def bounds() -> Bounds:
    return Bounds(Caps(body_bytes=100), ("127.0.0.1", "gateway.example"))


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/v1/chat/completions",
        b"/v1/chat/completions?api-version=2024-10-21&x=%2f..%2f",
        b"/v1/models/openai:gpt-4o@1",
        b"/v1/models/a%20b",
    ],
)
async def test_a_plain_path_is_served(bounds: Bounds, target: bytes) -> None:
    assert check_head(target, {b"host": b"gateway.example"}, set(), bounds) is None


@pytest.mark.parametrize(
    "headers",
    [
        {b"content-length": b"100"},
        {b"content-length": b"0"},
        {b"transfer-encoding": b"Chunked"},
        {b"content-encoding": b"Identity"},
    ],
)
async def test_a_body_that_can_be_framed_and_read_is_served(bounds: Bounds, headers: dict[bytes, bytes]) -> None:
    assert check_head(b"/", {b"host": b"127.0.0.1:4000"} | headers, set(), bounds) is None


async def test_repeated_headers_that_decide_nothing_are_served(bounds: Bounds) -> None:
    assert check_head(b"/", {b"host": b"127.0.0.1", b"accept": b"*/*"}, {b"accept"}, bounds) is None


async def test_without_a_list_of_hosts_any_is_served() -> None:
    assert check_head(b"/", {b"host": b"whatever"}, set(), Bounds(Caps(), None)) is None


async def test_every_refusal_of_a_head_ends_the_connection(bounds: Bounds) -> None:
    for target, headers, repeated in (
        (b"*", {b"host": b"127.0.0.1"}, set()),
        (b"/..", {b"host": b"127.0.0.1"}, set()),
        (b"/", {}, set()),
        (b"/", {b"host": b"evil"}, set()),
        (b"/", {b"host": b"127.0.0.1"}, {b"host"}),
        (b"/", {b"host": b"127.0.0.1", b"content-length": b"101"}, set()),
        (b"/", {b"host": b"127.0.0.1", b"content-encoding": b"gzip"}, set()),
        (b"/", {b"host": b"127.0.0.1", b"content-length": b"1", b"transfer-encoding": b"chunked"}, set()),
    ):
        refusal = check_head(target, headers, repeated, bounds)
        assert refusal is not None
        assert refusal.close


@pytest.mark.parametrize("path", [b"/v1/models/openai%2Fgpt-4o", b"/v1/models/a%2fb%2Fc"])
async def test_a_models_name_may_have_escaped_slashes(path: bytes, bounds: Bounds) -> None:
    assert check_head(path, {b"host": b"127.0.0.1"}, set(), bounds) is None


@pytest.mark.parametrize("path", [b"/v1/models/..%2fx", b"/v1/models/a%5cb", b"/v1/files/a%2fb", b"/v1%2fmodels/x"])
async def test_and_no_other_trick(path: bytes, bounds: Bounds) -> None:
    refusal = check_head(path, {b"host": b"127.0.0.1"}, set(), bounds)
    assert refusal
    assert refusal.code == "invalid_path"
