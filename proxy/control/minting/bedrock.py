"""Long-term keys of Amazon Bedrock: IAM's service-specific credentials of one IAM user, who may have two of them.

Requests and replies: botocore's model of IAM 2010-05-08. What a key shows of itself: `ABSK` and the base64 of its
alias, a colon and the rest. Such credentials have no names, so none can be told by that of a rotation.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer

from gatewatch.rotation.parts import AdminRefused, Minted
from gatewatch.safe_text import safe
from proxy.control.minting.admin_api import AdminApi, Gone, objects_of, text_of
from proxy.worker.renewal import CannotSign
from proxy.worker.signers import Signer

REGION = "us-east-1"
"""Where IAM's one address is, as signatures have it."""
BASE_URL = "https://iam.amazonaws.com"
IN_GOVCLOUD = "us-gov-west-1", "https://iam.us-gov.amazonaws.com"
CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
SERVICE = "bedrock.amazonaws.com"
MOST = 2
"""Keys that a user may have, whether they work or not."""

_NOT_KNOWN = frozenset({"InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "IncompleteSignature"})
_START = "ABSK"


class BedrockKeys:
    """As `KeyMaker` promises."""

    mints = True
    settling = 60.0

    def __init__(self, api: AdminApi, signer: Signer, user: str, days: int | None = None) -> None:
        """`days`: after so many, new keys end by themselves; None: as many as the key in use was given."""
        self._api = api
        self._signer = signer
        self._user = user
        self._days = days

    async def mint(self, name: str, beside: str | None) -> Minted:
        """Raises AdminRefused where the user has no place for another key, before anything is made."""
        del name
        keys = await self._list()
        used = _the_one(beside, keys)
        if len(keys) >= MOST:
            raise self._full(keys, used)
        days = self._days
        if days is None and beside is not None:
            days = self._lifetime(used)
        asked = {"ServiceName": SERVICE} | ({} if days is None else {"CredentialAgeDays": days})
        made = (await self._ask("CreateServiceSpecificCredential", **asked)).get("ServiceSpecificCredential") or {}
        return Minted(secret=text_of(made, "ServiceCredentialSecret"), id=text_of(made, "ServiceSpecificCredentialId"))

    async def revoke(self, id: str) -> None:
        """Deleted, which also makes place for the next one."""
        try:
            await self._ask("DeleteServiceSpecificCredential", ServiceSpecificCredentialId=id)
        except Gone:
            return

    async def identify(self, secret: str) -> str | None:
        found = _the_one(secret, await self._list())
        return None if found is None else text_of(found, "ServiceSpecificCredentialId")

    async def named(self, name: str) -> list[str]:
        """One whose maker died before it could be kept takes a place, until an operator is told of it by `mint`."""
        del name
        return []

    def _full(self, keys: list[dict[str, Any]], used: dict[str, Any] | None) -> AdminRefused:
        spare = [key for key in keys if key is not used]
        told = ", ".join(
            f"{safe(str(key.get('ServiceSpecificCredentialId')), 128)}"
            f" ({'the one in use' if key is used else key.get('Status')}, of {key.get('CreateDate'):%Y-%m-%d})"
            for key in keys
        )
        which = safe(str(spare[0].get("ServiceSpecificCredentialId")), 128) if used and len(spare) == 1 else "ID"
        return AdminRefused(
            f"the IAM user {self._user} has {len(keys)} keys of Bedrock, and may have {MOST}: {told}",
            "delete the one that nobody uses: aws iam delete-service-specific-credential"
            f" --user-name {self._user} --service-specific-credential-id {which}",
        )

    def _lifetime(self, used: dict[str, Any] | None) -> int | None:
        if used is None:
            raise AdminRefused(
                f"the key in use is none of the IAM user {self._user}, so how long it lasts is not known",
                "name its user in admin.user, or say in admin.days how long new keys last",
            )
        ends, began = used.get("ExpirationDate"), used.get("CreateDate")
        return None if ends is None or began is None else max(1, round((ends - began).total_seconds() / 86_400))

    async def _list(self) -> list[dict[str, Any]]:
        """Those that do not work too."""
        said = await self._ask("ListServiceSpecificCredentials", ServiceName=SERVICE)
        return objects_of(said, "ServiceSpecificCredentials")

    async def _ask(self, deed: str, **asked: object) -> dict[str, Any]:
        """Raises AdminRefused; Gone where there is no such user or key."""
        operation = _iam().operation_model(deed)
        request = create_serializer("query").serialize_to_request({"UserName": self._user} | asked, operation)
        body, path = urlencode(request["body"]).encode(), str(request["url_path"])
        try:
            signed = await self._signer.headers(self._api.url(path), body)
        except CannotSign as why:
            raise AdminRefused(f"IAM cannot be asked: {why}", "look at the key of admin") from None
        status, received = await self._api.send("POST", path, body, signed | {"content-type": CONTENT_TYPE})
        said = self._read(operation, status, received)
        error = said.get("Error") or {}
        code = str(error.get("Code", "no word why"))
        if code == "NoSuchEntity":
            raise Gone(f"IAM knows no such thing: {safe(str(error.get('Message')), 300)}", "look at admin.user")
        if status >= 300 or error:
            status = 401 if code in _NOT_KNOWN else status
            raise self._api.refused(f"answered {status} {code}: {error.get('Message')}", status, signed.values())
        return said

    def _read(self, operation: Any, status: int, received: bytes) -> dict[str, Any]:
        answer: Mapping[str, Any] = {"status_code": status, "headers": {}, "body": received}
        try:
            said = create_parser("query").parse(answer, operation.output_shape)
        except (ResponseParserError, ValueError, LookupError, TypeError, AttributeError):  # some repeat the reply
            raise self._api.refused(f"answered {status} with what is no reply of IAM", status) from None
        return dict(said)


def _the_one(secret: str | None, keys: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The key whose alias the secret shows."""
    alias = _alias(secret or "")
    found = [key for key in keys if alias and key.get("ServiceCredentialAlias") == alias]
    return found[0] if len(found) == 1 else None


def _alias(secret: str) -> str | None:
    try:
        public, colon, _ = base64.b64decode(secret.removeprefix(_START), validate=True).partition(b":")
        return public.decode("ascii") if secret.startswith(_START) and colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


@cache
def _iam() -> Any:
    """30 ms, once."""
    return ServiceModel(Loader().load_service_model("iam", "service-2"), "iam")
