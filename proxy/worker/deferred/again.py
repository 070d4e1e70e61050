"""A deferred call is put together again when its time has come, as it was when it was taken.

Keeps true: its key is looked up anew: one that was revoked buys nothing any more; one that has expired meanwhile had
begun its call, which goes on.
"""

import msgspec

from gatewatch.control.allowance import Amount
from gatewatch.control.key_table import KeyTable
from gatewatch.control.records import KeyRecord
from gatewatch.deferred.entry import Entry, Text, Way
from proxy.refusal import key_revoked
from proxy.worker.authenticate import told
from proxy.worker.deferred.deferral import Deferral, Purpose
from proxy.worker.deferred.later_request import LaterRequest
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.inbound import Inbound
from proxy.worker.scope import check_dialect

_PATHS = {endpoint.name: path for path, endpoint in ENDPOINTS.items()}


def again(entry: Entry, text: Text, purpose: Purpose, way: Way) -> tuple[Inbound, LaterRequest]:
    """The call, and where its reply will be."""
    path = _PATHS[entry.endpoint]
    request = LaterRequest(path, text.headers)
    inbound = Inbound(request, entry.endpoint, ENDPOINTS[path].caller)
    inbound.call = text.call
    inbound.call.routed_by = inbound.call.passed_over = inbound.call.stepped_down = None  # that is decided anew
    inbound.call.deferred = way
    inbound.body, inbound.body_bytes = msgspec.json.decode(text.body), len(text.body)
    inbound.deferred = Deferral(purpose, way, entry.deadline, entry)
    inbound.lost_picos = entry.lost_picos
    if entry.held_tokens is not None:
        inbound.held = Amount(entry.held_tokens, entry.held_picos or 0)
    return inbound, request


def known_again(inbound: Inbound, keys: KeyTable) -> KeyRecord:
    """Its key as it is now. Raises Refusal."""
    entry = inbound.deferred.entry if inbound.deferred else None
    assert entry, "only what was stored comes again"
    kid = entry.kid
    if why := keys.cut_off(kid):
        raise key_revoked(told(why))
    inbound.known = keys.known(kid)
    assert inbound.known, "a key that is not known is cut off"
    key = inbound.known.key
    if key.dialects is not None:
        check_dialect(key, inbound.caller.name)
    return key
