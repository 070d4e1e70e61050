"""OpenAI's admin API: keys of one service account of one project.

Endpoints and shapes: openai 3.52, `resources/admin/organization/projects`. Deleting a service account's key leaves the
account and its other keys as they are.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from gatewatch.rotation.parts import Minted
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.control.minting.redacted import the_one

BASE_URL = "https://api.openai.com/v1"
BY_HAND = "delete the old key at https://platform.openai.com/api-keys"
PAGE = 100
_MOST_PAGES = 100


class OpenAiKeys:
    """As `KeyMaker` promises."""

    mints = True
    settling = 0.0

    def __init__(self, api: AdminApi, project: str, service_account: str) -> None:
        self._api = api
        self._keys = f"/organization/projects/{quote(project, safe='')}/api_keys"
        account = f"/organization/projects/{quote(project, safe='')}/service_accounts/{quote(service_account, safe='')}"
        self._new_keys = f"{account}/api_keys"

    async def mint(self, name: str, beside: str | None) -> Minted:
        del beside
        made = await self._api.ask("POST", self._new_keys, {"name": name})
        return Minted(secret=text_of(made, "value"), id=text_of(made, "id"))

    async def revoke(self, id: str) -> None:
        try:
            await self._api.ask("DELETE", f"{self._keys}/{quote(id, safe='')}")
        except Gone:
            return

    async def identify(self, secret: str) -> str | None:
        return the_one(secret, [(text_of(key, "id"), key.get("redacted_value")) async for key in self._list()])

    async def named(self, name: str) -> list[str]:
        return [text_of(key, "id") async for key in self._list() if key.get("name") == name]

    async def _list(self) -> AsyncIterator[dict[str, Any]]:
        """Every key of the project, also those whose owner has lost access to it: they still work."""
        query: dict[str, str | int | bool] = {"limit": PAGE, "owner_project_access": "any"}
        for _ in range(_MOST_PAGES):
            page = await self._api.ask("GET", self._keys, query=query)
            keys = objects_of(page)
            for key in keys:
                yield key
            if not page.get("has_more") or not keys:
                return
            query["after"] = text_of(keys[-1], "id")
