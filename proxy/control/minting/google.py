"""Google's API keys of one project, for the Gemini API.

Endpoints and shapes: the discovery document of the API Keys API, `apikeys:v2` of 2026-08-18. Making
and deleting are operations that take a while; a deleted key can be brought back for 30 days.
"""

import asyncio
import re
from typing import Any
from urllib.parse import quote

from gatewatch.rotation.parts import AdminRefused, Minted
from gatewatch.safe_text import safe
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.worker.renewal import CannotSign
from proxy.worker.signers import Signer

BASE_URL = "https://apikeys.googleapis.com"
BY_HAND = "delete the old key at https://console.cloud.google.com/apis/credentials"
SERVICE = "generativelanguage.googleapis.com"
PAGE = 300
OPERATION_SECONDS = 60.0
PAUSE_SECONDS = 1.0
_MOST_PAGES = 100

_OPERATION = re.compile(r"operations/[^/?#\s]{1,300}")
_KEY = re.compile(r"projects/[^/?#\s]{1,100}/locations/global/keys/[^/?#\s]{1,100}")


class GoogleKeys:
    """As `KeyMaker` promises; an id is the key's resource name."""

    mints = True
    settling = 120.0

    def __init__(self, api: AdminApi, signer: Signer, project: str) -> None:
        self._api = api
        self._signer = signer
        self._keys = f"/v2/projects/{quote(project, safe=':')}/locations/global/keys"
        self._project = project

    async def mint(self, name: str, beside: str | None) -> Minted:
        """Restricted and bound as the key in use is; where that one is not restricted, to the Gemini API."""
        usual = {"restrictions": {"apiTargets": [{"service": SERVICE}]}}
        asked = {"displayName": name} | usual | ({} if beside is None else await self._bounds_of(beside))
        made = await self._done(await self._ask("POST", self._keys, asked))
        id = _checked(_KEY, text_of(made, "name"))
        said = await self._ask("GET", f"/v2/{id}/keyString")
        return Minted(secret=text_of(said, "keyString"), id=id)

    async def revoke(self, id: str) -> None:
        if id not in [key.get("name") for key in await self._list()]:
            return
        try:
            await self._done(await self._ask("DELETE", f"/v2/{_checked(_KEY, id)}"))
        except Gone:
            return

    async def identify(self, secret: str) -> str | None:
        """By the whole secret; None for one of another project too."""
        try:
            found = (await self._ask("GET", "/v2/keys:lookupKey", query={"keyString": secret})).get("name")
        except Gone:
            return None
        return next((found for key in await self._list() if found and key.get("name") == found), None)

    async def named(self, name: str) -> list[str]:
        return [text_of(key, "name") for key in await self._list() if key.get("displayName") == name]

    async def _bounds_of(self, secret: str) -> dict[str, Any]:
        id = await self.identify(secret)
        if id is None:
            raise AdminRefused(
                f"the key in use is none of the project {self._project}, so its restrictions are not known",
                "name its project in admin.project, or make a key yourself and give it",
            )
        key = await self._ask("GET", f"/v2/{_checked(_KEY, id)}")
        return {name: key[name] for name in ("restrictions", "serviceAccountEmail") if key.get(name)}

    async def _list(self) -> list[dict[str, Any]]:
        """Without those that were deleted."""
        keys: list[dict[str, Any]] = []
        query: dict[str, str | int | bool] = {"pageSize": PAGE}
        for _ in range(_MOST_PAGES):
            page = await self._ask("GET", self._keys, query=query)
            keys += objects_of({"keys": []} | page, "keys")  # empty lists are left out
            if not page.get("nextPageToken"):
                return keys
            query["pageToken"] = text_of(page, "nextPageToken")
        return keys

    async def _done(self, operation: dict[str, Any]) -> dict[str, Any]:
        """What comes of an operation. Raises AdminRefused where it fails, or takes too long."""
        try:
            async with asyncio.timeout(OPERATION_SECONDS):
                while operation.get("done") is not True:
                    name = _checked(_OPERATION, text_of(operation, "name"))
                    await asyncio.sleep(PAUSE_SECONDS)
                    operation = await self._ask("GET", f"/v2/{name}")
        except TimeoutError:
            raise self._api.refused(f"has not done it within {OPERATION_SECONDS:.0f} seconds") from None
        if (error := operation.get("error")) is not None:
            message = error.get("message") if isinstance(error, dict) else None
            raise self._api.refused(f"has not done it: {message or 'no word why'}")
        said = operation.get("response")
        return said if isinstance(said, dict) else {}

    async def _ask(
        self, method: str, path: str, body: object = None, query: dict[str, str | int | bool] | None = None
    ) -> dict[str, Any]:
        try:
            token = await self._signer.headers(self._api.url(path), b"")
        except CannotSign as error:
            raise AdminRefused(f"Google cannot be asked: {error}", "look at the key of admin") from None
        return await self._api.ask(method, path, body, query, headers=token)


def _checked(shape: re.Pattern[str], name: str) -> str:
    """A name that is to be part of a path."""
    if shape.fullmatch(name) is None:
        raise AdminRefused(f"the admin API names what it cannot mean: {safe(name, 100)}", "is it of another version?")
    return name
