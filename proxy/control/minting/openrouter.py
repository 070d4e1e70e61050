"""OpenRouter's management API. Its key manages keys and calls no model.

Endpoints and shapes: openrouter.ai/docs/features/provisioning-api-keys and `operations/{createkeys,list}.py` of
OpenRouterTeam/python-sdk. Money is passed on as it came: USD, a JSON number.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from gatewatch.rotation.parts import AdminRefused, Minted
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.control.minting.redacted import the_one

BASE_URL = "https://openrouter.ai/api/v1"
BY_HAND = "delete the old key at https://openrouter.ai/settings/keys"
PAGE = 100
"""How many keys a page of the list has; the API takes no other number."""
_MOST_PAGES = 100


class OpenRouterKeys:
    """As `KeyMaker` promises."""

    mints = True
    settling = 0.0

    def __init__(self, api: AdminApi, workspace: str | None = None) -> None:
        """`workspace`: id of the one that keys are made in; None: the default one."""
        self._api = api
        self._workspace: dict[str, str | int | bool] = {"workspace_id": workspace} if workspace else {}

    async def mint(self, name: str, beside: str | None) -> Minted:
        """Under the spending limit of the key in use: what is left of it, where it is never reset."""
        limits = {} if beside is None else await self._limits_of(beside)
        made = await self._api.ask("POST", "/keys", {"name": name} | self._workspace | limits)
        described = made.get("data")
        return Minted(secret=text_of(made, "key"), id=text_of(described if isinstance(described, dict) else {}, "hash"))

    async def revoke(self, id: str) -> None:
        try:
            await self._api.ask("DELETE", f"/keys/{quote(id, safe='')}")
        except Gone:
            return

    async def identify(self, secret: str) -> str | None:
        return the_one(secret, [(text_of(key, "hash"), key.get("label")) async for key in self._list()])

    async def named(self, name: str) -> list[str]:
        return [text_of(key, "hash") async for key in self._list() if key.get("name") == name]

    async def _limits_of(self, secret: str) -> dict[str, Any]:
        id = await self.identify(secret)
        found = [key async for key in self._list() if id is not None and key.get("hash") == id]
        if not found:
            raise AdminRefused(
                "the key in use is not among those of this workspace, so its spending limit is not known",
                "name its workspace in admin.workspace, or make a key yourself and give it",
            )
        key = found[0]
        if key.get("limit") is None:
            return {}
        resets = key.get("limit_reset")
        left = key["limit"] if resets or key.get("limit_remaining") is None else max(0, key["limit_remaining"])
        return {"limit": left, "limit_reset": resets, "include_byok_in_limit": bool(key.get("include_byok_in_limit"))}

    async def _list(self) -> AsyncIterator[dict[str, Any]]:
        for page in range(_MOST_PAGES):
            query = self._workspace | {"offset": page * PAGE, "include_disabled": True}
            keys = objects_of(await self._api.ask("GET", "/keys", query=query))
            for key in keys:
                yield key
            if len(keys) < PAGE:
                return
