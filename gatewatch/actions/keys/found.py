"""Says whose the secrets are that stand in a file, and does about each what the policy says of a key in a prompt.

Keeps true: only a whole secret that is good here is flagged, which nobody shows who has not got it. What follows is the
policy's doing, so a revocation is the gateway's.
"""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.view import secret_view, view
from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord, SecretRecord
from gatewatch.errors import NotFound, UsageError
from gatewatch.hidden import hides
from gatewatch.keys import token
from gatewatch.keys.leaks import CANDIDATES
from gatewatch.safe_text import safe


@hides("secrets")
class FoundKeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    secrets: tuple[str, ...]
    """As `keys.leaks.secrets_in` finds them."""
    source: str
    """The name of the file."""


@action("keys.found", Permission.KEYS_REPORT_LEAK, FoundKeys, changes=True)
def found(acting: Acting, asked: FoundKeys) -> list[dict[str, Any]]:
    """One row for each secret: the key, whether it is `genuine`, and the `reaction`; null where none is called for.

    A secret of no key within reach is a row with its public id alone. Raises UsageError for what is no secret.
    """
    if len(asked.secrets) > CANDIDATES:
        raise UsageError(f"more than {CANDIDATES} secrets at once", "ask for a part of them")
    source = f"the file {safe(asked.source, 100)}"
    return [_row(acting, text, source) for text in dict.fromkeys(asked.secrets)]


def _row(acting: Acting, text: str, source: str) -> dict[str, Any]:
    kid = token.parse(text)
    if kid is None:
        raise UsageError("what is told to have been found is no virtual key", "one begins with gwk_sk_ or gwk_ak_")
    try:
        record = acting.seen_key(kid)
    except NotFound:
        return {"kid": kid, "id": None, "genuine": None, "reaction": None}
    now = acting.store.clock()
    secret = next((known for known in acting.store.secrets(record.id) if known.kid == kid), None)
    if secret is None or not acting.store.is_secret(kid, text, acting.pepper()):
        return {"kid": kid, "id": record.id, "genuine": False, "reaction": None} | view(record, now)
    is_good = record.state(now) == "active" and secret.is_valid(now)
    reaction = _flagged(acting, record, secret, source) if is_good else None
    return {"kid": kid, "genuine": True, "reaction": reaction, "secret_version": secret_view(secret, now)} | view(
        acting.store.key(record.id), now
    )


def _flagged(acting: Acting, record: KeyRecord, secret: SecretRecord, source: str) -> str | None:
    """What was done: `alert` or `revoke`. The alarm is raised by the gateway, which reads the trail."""
    wanted = acting.leak_reaction(record.team)
    if wanted == "off":
        return None
    reaction = "revoke" if wanted == "revoke" else "alert"
    acting.store.audit("key.leak", record.id, kid=secret.kid, mark="in_prompt", source=source, reaction=reaction)
    if reaction == "revoke":
        finder = acting.actor
        acting.store.become(Actor(id="gateway", source=f"policy, {finder.id}"))
        try:
            acting.store.revoke_key(record.id)
        finally:
            acting.store.become(finder)
    return reaction
