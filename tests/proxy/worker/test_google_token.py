"""Access tokens of a service account; the judge is a token endpoint that checks what Google checks."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatewatch.redact import redact
from proxy.worker.google_token import GoogleToken, _ends_at
from proxy.worker.renewal import CannotSign
from tests.kit.token_server import TokenServer, token_server


@pytest.fixture(scope="module")
def running() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture
def endpoint(running: TokenServer) -> TokenServer:
    """As good as new."""
    running.tokens.clear()
    running.asked = 0
    running.expires_in = 3600
    running.refusal = None
    running.held.set()
    while running.came.acquire(blocking=False):
        pass
    return running


async def token(signer: GoogleToken) -> str:
    made = await signer.headers("https://aiplatform.googleapis.com/v1", b"{}")
    assert made.keys() == {"authorization"}
    return made["authorization"]


async def test_a_service_account_gets_a_token_and_keeps_it(endpoint: TokenServer) -> None:
    signer = GoogleToken(endpoint.service_account)
    assert [await token(signer) for _ in range(3)] == ["Bearer ya29.canary-0"] * 3
    assert endpoint.asked == 1


async def test_one_is_asked_for_however_many_wait(endpoint: TokenServer) -> None:
    endpoint.held.clear()
    signer = GoogleToken(endpoint.service_account)
    waiting = [asyncio.create_task(token(signer)) for _ in range(30)]
    await asyncio.to_thread(endpoint.came.acquire)
    endpoint.held.set()
    assert set(await asyncio.gather(*waiting)) == {"Bearer ya29.canary-0"}
    assert endpoint.asked == 1


async def test_it_is_renewed_before_its_end_while_calls_go_on(endpoint: TokenServer) -> None:
    endpoint.expires_in = 200  # less than it is renewed before
    signer = GoogleToken(endpoint.service_account)
    assert await token(signer) == "Bearer ya29.canary-0"
    endpoint.held.clear()
    endpoint.expires_in = 3600
    signer._headers._again_at = 0.0
    while endpoint.came.acquire(blocking=False):
        pass
    assert await token(signer) == "Bearer ya29.canary-0"
    await asyncio.to_thread(endpoint.came.acquire)
    assert await token(signer) == "Bearer ya29.canary-0"
    endpoint.held.set()
    async with asyncio.timeout(30):
        while await token(signer) != "Bearer ya29.canary-1":
            await asyncio.sleep(0)
    assert endpoint.asked == 2


async def test_one_that_has_ended_is_never_sent(endpoint: TokenServer) -> None:
    endpoint.expires_in = 0
    signer = GoogleToken(endpoint.service_account)
    assert [await token(signer) for _ in range(2)] == ["Bearer ya29.canary-0", "Bearer ya29.canary-1"]


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}, "account not found"),
        (401, {"error": "unauthorized_client"}, "unauthorized_client"),
        (200, {"id_token": "canary"}, "No access token in response"),
    ],
)
async def test_a_refusal_is_told_in_googles_words(
    endpoint: TokenServer, status: int, said: dict[str, str], told: str
) -> None:
    endpoint.refusal = (status, said)
    with pytest.raises(CannotSign, match=f"no token came from Google: RefreshError: .*{told}") as caught:
        await token(GoogleToken(endpoint.service_account))
    assert "canary" not in str(caught.value)
    assert redact(str(caught.value)) == str(caught.value)


async def test_an_endpoint_that_is_not_there_is_told(endpoint: TokenServer) -> None:
    account = json.loads(endpoint.service_account) | {"token_uri": "http://127.0.0.1:1/token"}
    with pytest.raises(CannotSign, match="no token came from Google: TransportError"):
        await token(GoogleToken(json.dumps(account)))


@pytest.mark.parametrize("changed", [{"private_key": "canary"}, {"client_email": None}])
async def test_a_service_account_that_is_none_is_told_without_showing_it(
    endpoint: TokenServer, changed: dict[str, str | None]
) -> None:
    whole = json.loads(endpoint.service_account) | changed
    account = {name: value for name, value in whole.items() if value is not None}
    with pytest.raises(CannotSign, match="no token came from Google") as caught:
        await token(GoogleToken(json.dumps(account)))
    assert "canary" not in str(caught.value)
    assert account["private_key"] not in str(caught.value)
    assert endpoint.asked == 0


async def test_without_a_secret_the_default_credentials_count(
    endpoint: TokenServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(endpoint.service_account)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert await token(GoogleToken(None)) == "Bearer ya29.canary-0"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nobody.json"))
    with pytest.raises(CannotSign, match=r"DefaultCredentialsError: .*nobody\.json"):
        await token(GoogleToken(None))


async def test_the_project_that_pays_goes_along(
    endpoint: TokenServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(endpoint.service_account)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")
    made = await GoogleToken(None).headers("https://x", b"")
    assert made == {"authorization": "Bearer ya29.canary-0", "x-goog-user-project": "payer"}


def test_googles_times_are_utc() -> None:
    naive = datetime(2030, 1, 1)  # noqa: DTZ001 - as google-auth has them
    assert _ends_at(naive) == _ends_at(naive.replace(tzinfo=UTC)) == 1_893_456_000.0
