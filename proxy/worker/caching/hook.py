"""`POST /v1/cache/invalidate`: apps give up kept replies of their own, when what these were made from has changed.

{"tags": ["catalogue"]}      {"route": "support-bot"}      {"model": "gpt-4o-mini"}      {"all": true}
"""

from typing import Any

import msgspec

from gatewatch.control.records import KeyRecord
from proxy.refusal import Refusal, bad_request
from proxy.worker.caching.caller_tags import check_tags
from proxy.worker.caching.invalidation import Invalidation

PATH = "/v1/cache/invalidate"
BODY_BYTES = 64 * 1024


class _Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    tags: tuple[str, ...] = ()
    route: str | None = None
    model: str | None = None
    all: bool = False


def asked_invalidation(body: dict[str, Any], key: KeyRecord) -> Invalidation:
    """Of what this key may be given. Raises Refusal."""
    if key.kind != "client":
        raise Refusal(403, "key_kind", "An admin key has no replies; use a client key.", type="permission_error")
    try:
        asked = msgspec.convert(body, _Asked)
    except msgspec.ValidationError as error:
        raise bad_request("invalid_request", f"The body is not what is taken here: {error}") from None
    if asked.all == bool(asked.tags or asked.route or asked.model):
        raise bad_request("invalid_request", 'Say which replies: "tags", "route", "model", or "all": true.')
    check_tags(asked.tags)
    own = (f"key:{key.id}",) if key.team is None else (f"team:{key.team}", f"key:{key.id}")
    return Invalidation(route=asked.route, model=asked.model, tags=asked.tags, tenants=own)
