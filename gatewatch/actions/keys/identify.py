"""Recognises the secret of a virtual key that turned up somewhere, valid or not."""

import re
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.view import secret_view, view
from gatewatch.authority.permissions import Permission
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token

_BEGINNING = re.compile(r"gwk_(?:sk|ak)_(?:live|test)_([0-9A-Za-z]{8})[0-9A-Za-z]*")


class IdentifyKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Text that holds a secret, or its beginning up to the public id. Not repeated by any answer or error."""

    text: str


@action("keys.identify", Permission.KEYS_VIEW, IdentifyKey, changes=False)
def identify(acting: Acting, asked: IdentifyKey) -> dict[str, Any]:
    """Whose it is; `genuine` says whether it is the very secret: a part of one, or one with a typo, is not.

    Raises UsageError for text without any, NotFound for one of no key here.
    """
    found = _BEGINNING.search(asked.text)
    if found is None:
        raise UsageError("there is no virtual key in this text", "one begins with gwk_sk_ or gwk_ak_")
    text, kid = found[0], found[1]
    nobody = NotFound(f"no key of this gateway has a secret {kid}…", "it may be another gateway's, or an invention")
    try:
        record = acting.seen_key(kid)
    except NotFound:
        raise nobody from None
    now = acting.store.clock()
    secret = next((known for known in acting.store.secrets(record.id) if known.kid == kid), None)
    if secret is None:
        raise nobody
    genuine = token.parse(text) == kid and acting.store.is_secret(kid, text, acting.pepper())
    return view(record, now) | {"genuine": genuine, "secret_version": secret_view(secret, now)}
