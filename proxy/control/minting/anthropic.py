"""Anthropic's Admin API: it makes no keys, it only makes them inactive.

Endpoints and shapes: anthropic 2.11, `resources/organization/api_keys.py`.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from gatewatch.rotation.parts import AdminRefused, Minted
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.control.minting.redacted import the_one

BASE_URL = "https://api.anthropic.com"
BY_HAND = "disable the old key at https://platform.claude.com/settings/keys"
VERSION = "2023-06-01"
PAGE = 1000
_MOST_PAGES = 100
_KEYS = "/v1/organizations/api_keys"


class AnthropicKeys:
    """As `KeyMaker` promises."""

    mints = False
    settling = 0.0

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    async def mint(self, name: str, beside: str | None) -> Minted:
        del name, beside
        raise AdminRefused(
            "Anthropic's admin API makes no keys", "make one at https://platform.claude.com/settings/keys, and give it"
        )

    async def revoke(self, id: str) -> None:
        """Makes it inactive: it can be made active again, but not deleted by the API."""
        try:
            await self._api.ask("POST", f"{_KEYS}/{quote(id, safe='')}", {"status": "inactive"})
        except Gone:
            return

    async def identify(self, secret: str) -> str | None:
        return the_one(secret, [(text_of(key, "id"), key.get("partial_key_hint")) async for key in self._list()])

    async def named(self, name: str) -> list[str]:
        return [text_of(key, "id") async for key in self._list() if key.get("name") == name]

    async def _list(self) -> AsyncIterator[dict[str, Any]]:
        """Those that work."""
        query: dict[str, str | int | bool] = {"limit": PAGE, "status": "active"}
        for _ in range(_MOST_PAGES):
            page = await self._api.ask("GET", _KEYS, query=query)
            keys = objects_of(page)
            for key in keys:
                yield key
            if not page.get("has_more") or not keys:
                return
            query["after_id"] = text_of(keys[-1], "id")
