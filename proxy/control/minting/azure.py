"""Azure's management of a resource's two keys: the one that is not in use is made anew, then the other one ends so.

Endpoints and shapes: learn.microsoft.com/rest/api/aiservices/accountmanagement/accounts/{list-keys,regenerate-key}
(2024-10-01) and Entra's client credentials (`oauth2/v2.0/token`). Whoever else uses the second key loses it.
"""

from gatewatch.rotation.parts import AdminRefused, Minted, NoAnswer
from proxy.control.minting.admin_api import AdminApi, text_of

BASE_URL = "https://management.azure.com"
LOGIN_URL = "https://login.microsoftonline.com"
BY_HAND = "regenerate the key that is not in use, under Keys and Endpoint of the resource in portal.azure.com"
VERSION = "2024-10-01"
KEYS = {"Key1": "key1", "Key2": "key2"}
"""What is asked for → the field of the reply."""


class AzureKeys:
    """As `KeyMaker` promises; an id is `Key1` or `Key2`."""

    mints = True
    settling = 0.0

    def __init__(self, api: AdminApi, login: AdminApi, *, tenant: str, client: str, secret: str, resource: str) -> None:
        """`resource`: `/subscriptions/…/Microsoft.CognitiveServices/accounts/NAME`; `secret`: the client's."""
        self._api = api
        self._login = login
        self._tenant = tenant
        self._asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        self._resource = resource.rstrip("/")

    async def mint(self, name: str, beside: str | None) -> Minted:
        """The spare key, made anew. Raises AdminRefused where it is not known which one that is."""
        del name
        used = None if beside is None else await self.identify(beside)
        if used is None:
            raise AdminRefused(
                "the key in use is neither of the two keys of this resource, so neither of them is known to be spare",
                "look at admin.resource; or regenerate one yourself, and give it",
            )
        spare = "Key2" if used == "Key1" else "Key1"
        try:
            return Minted(secret=text_of(await self._regenerated(spare), KEYS[spare]), id=spare)
        except NoAnswer as error:  # whatever became of it, no key is left over: the next rotation makes it anew
            raise AdminRefused(error.title, error.next_step) from None

    async def revoke(self, id: str) -> None:
        """Its value ends; nobody is told the new one."""
        await self._regenerated(id)

    async def identify(self, secret: str) -> str | None:
        keys = await self._ask("listKeys", None)
        return next((id for id, field in KEYS.items() if keys.get(field) == secret), None)

    async def named(self, name: str) -> list[str]:
        """They have no names: the spare one is made anew as often as it has to be."""
        del name
        return []

    async def _regenerated(self, id: str) -> dict[str, object]:
        return await self._ask("regenerateKey", {"keyName": id})

    async def _ask(self, deed: str, body: object) -> dict[str, object]:
        path, query = f"{self._resource}/{deed}", {"api-version": VERSION}
        return await self._api.ask("POST", path, body, query, headers=await self._authorization())

    async def _authorization(self) -> dict[str, str]:
        asked = self._asked | {"scope": f"{BASE_URL}/.default"}
        told = await self._login.ask("POST", f"/{self._tenant}/oauth2/v2.0/token", form=asked)
        return {"authorization": f"Bearer {text_of(told, 'access_token')}"}
