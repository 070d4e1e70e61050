"""Asks a provider's admin API.

Keeps true: its key goes to the configured address alone, redirects are not followed, a reply is read up to a bound and
within a bounded time, and no error repeats a secret.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from gatewatch import __version__
from gatewatch.redact import redact
from gatewatch.rotation.parts import AdminRefused, NoAnswer
from gatewatch.safe_text import safe
from proxy.checked_transport import checked_client

SECONDS = 20.0
LARGEST_REPLY = 4 * 1024 * 1024
_OPEN = frozenset({"accept", "user-agent", "content-type", "anthropic-version"})
"""Headers whose values are no secrets."""


class Gone(AdminRefused):
    """There is no such thing there, or no longer."""


class AdminApi:
    """One provider's, with its key."""

    def __init__(
        self, provider: str, base_url: str, headers: Mapping[str, str], *, allow_private: bool = False
    ) -> None:
        self._provider = provider
        self._base = base_url.rstrip("/")
        self._headers = {"accept": "application/json", "user-agent": f"gatewatch/{__version__}", **headers}
        self._allow_private = allow_private

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str | int | bool] | None = None,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON object that it answers; `form` in place of a JSON body. Raises AdminRefused, as Gone for a 404."""
        content = None if body is None else msgspec.json.encode(body)
        kind = None if body is None else "application/json"
        if form is not None:
            content, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        sent = dict(headers or {}) | ({"content-type": kind} if kind else {})
        asked = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in (query or {}).items()
        }
        status, received = await self.send(method, path, content, sent, asked)
        told = [*self._secrets(sent), *(form or {}).values(), *map(str, asked.values())]
        said = _object(received)
        if status == 404:
            raise Gone(f"{self._provider}'s admin API has no {safe(path, 120)}")
        if status >= 500:
            raise self.unanswered(f"answered {status}: {_message(said)}", told)
        if not 200 <= status < 300:
            raise self.refused(f"answered {status}: {_message(said)}", status, told)
        if said is None:
            raise self.unanswered(f"answered {status} with what is no JSON object")
        return said

    async def send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        query: Mapping[str, str | int] | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of whatever it answers. Raises AdminRefused where it cannot be asked, else NoAnswer."""
        try:
            async with (
                asyncio.timeout(SECONDS),
                checked_client(allow_private=self._allow_private, seconds=SECONDS) as client,
                client.stream(
                    method, self.url(path), content=content, headers=self._headers | dict(headers), params=query or {}
                ) as response,
            ):
                return response.status_code, await _bounded(response)
        except TimeoutError:
            raise self.unanswered(f"did not answer within {SECONDS:.0f} seconds") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, OSError) as error:
            raise self.refused(f"cannot be reached: {str(error) or type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise self.unanswered(f"broke off: {str(error) or type(error).__name__}") from None

    def url(self, path: str) -> str:
        """Where a path of it is."""
        return self._base + path

    def refused(self, what: str, status: int = 0, secrets: Iterable[str] = ()) -> AdminRefused:
        """The error that says what it did, and the next step; `secrets` are left out of it."""
        whose = f"providers.{self._provider}.admin.key"
        steps = {401: f"set {whose} again", 403: f"give the key of {whose} the right to manage keys"}
        return AdminRefused(
            f"{self._provider}'s admin API {_harmless(what, secrets)}",
            steps.get(status, f"look at providers.{self._provider}.admin, then try again"),
        )

    def unanswered(self, what: str, secrets: Iterable[str] = ()) -> NoAnswer:
        """The same where it may have done, or may still do, what it was asked."""
        told = self.refused(what, secrets=secrets)
        return NoAnswer(told.title, told.next_step)

    def _secrets(self, headers: Mapping[str, str]) -> list[str]:
        return [value for header, value in (self._headers | dict(headers)).items() if header not in _OPEN]


def _harmless(text: str, secrets: Iterable[str]) -> str:
    """Without what was sent, should it be repeated."""
    for value in secrets:
        secret = value.removeprefix("Bearer ")
        if len(secret) > 8:
            text = text.replace(secret, "[secret]")
    return safe(redact(text[:2000]), 400)


async def _bounded(response: httpx.Response) -> bytes:
    received = b""
    async for chunk in response.aiter_bytes():
        received += chunk
        if len(received) > LARGEST_REPLY:
            break
    return received


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _message(said: dict[str, Any] | None) -> str:
    error = (said or {}).get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    described = (said or {}).get("error_description")  # as OAuth has them
    return str(described or error) if isinstance(described or error, str) else "no word why"


def text_of(said: dict[str, Any], name: str) -> str:
    """A text that a reply must have. Raises AdminRefused, without repeating the reply: it may hold a secret."""
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise AdminRefused(f"the admin API's reply has no {name}", "is it of another version?")
    return value


def objects_of(said: dict[str, Any], name: str = "data") -> list[dict[str, Any]]:
    """A list of objects that a reply must have. Raises AdminRefused."""
    value = said.get(name)
    if not isinstance(value, list):
        raise AdminRefused(f"the admin API's reply has no {name}", "is it of another version?")
    return [each for each in value if isinstance(each, dict)]
