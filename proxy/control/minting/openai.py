"""OpenAI's admin API: keys of one service account of one project.

Endpoints and shapes: openai 3.52, `resources/admin/organization/projects`. Deleting a service account's key leaves the
account and its other keys as they are.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

from gatewatch.rotation.parts import Minted
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.control.minting.redacted import the_one

BASE_URL = "https://api.openai.com/v1"
BY_HAND = "delete the old key at https://platform.openai.com/api-keys"
PAGE = 100
LONGEST = 31_536_000
"""Seconds that a key can last that does not last for ever."""
_MOST_PAGES = 100


class OpenAiKeys:
    """As `KeyMaker` promises."""

    mints = True
    settling = 0.0

    def __init__(
        self,
        api: AdminApi,
        project: str,
        service_account: str,
        *,
        expires: int | None = None,
        scopes: Sequence[str] | None = None,
    ) -> None:
        """`expires`: seconds; None: as the key in use. `scopes`: None: all; those of the key in use are not listed."""
        self._api = api
        self._expires = expires
        self._scopes: dict[str, Any] = {"scopes": list(scopes)} if scopes else {}
        self._keys = f"/organization/projects/{quote(project, safe='')}/api_keys"
        account = f"/organization/projects/{quote(project, safe='')}/service_accounts/{quote(service_account, safe='')}"
        self._new_keys = f"{account}/api_keys"

    async def mint(self, name: str, beside: str | None) -> Minted:
        """Lasts as long as the key in use was made for, where that is known."""
        expires = self._expires
        if expires is None and beside is not None:
            expires = await self._lifetime_of(beside)
        lasts = {} if expires is None else {"expires_in_seconds": expires}
        made = await self._api.ask("POST", self._new_keys, {"name": name} | lasts | self._scopes)
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

    async def _lifetime_of(self, secret: str) -> int | None:
        id = await self.identify(secret)
        if id is None:
            return None
        key = await self._api.ask("GET", f"{self._keys}/{quote(id, safe='')}")
        ends, made = key.get("expires_at"), key.get("created_at")
        if not isinstance(ends, int) or not isinstance(made, int):
            return None
        return min(LONGEST, max(1, ends - made))

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
