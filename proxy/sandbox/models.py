"""`/v1/models`: a handful of good names and every fault. The list is a hint; any name is answered."""

import msgspec

from proxy.sandbox.answer import CREATED

GOOD = (
    "gpt-4o-mini",
    "gpt-4o",
    "gpt-4.1-mini",
    "gpt-5",
    "gpt-5-mini",
    "o4-mini",
    "gpt-3.5-turbo-instruct",
    "text-embedding-3-small",
    "text-embedding-3-large",
)


def listing(faults: tuple[str, ...]) -> bytes:
    return msgspec.json.encode({"object": "list", "data": [_model(name) for name in (*GOOD, *faults)]})


def one(name: str) -> bytes:
    return msgspec.json.encode(_model(name))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "gatewatch-sandbox"}
