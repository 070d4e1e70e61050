"""No record shows a secret that it holds; every record that may hold one is looked at."""

import dataclasses
import importlib
import logging
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import pytest
from rich.pretty import pretty_repr

from gatewatch.hidden import fields_of, hides

CANARY = "canary-4f1c9a7e2b8d6350"
PACKAGES = ("gatewatch", "proxy", "ingest", "reports", "app")

LIKE_A_SECRET = re.compile(
    r"secret|pepper|passw|passphrase|digest|credential|private_key|bearer|(?:^|_)token$|api_key$"
)
NO_SECRETS = {
    ("gatewatch.audit.anchor", "Accepted", "digest"): "of records of the trail",
    ("gatewatch.audit.export_end", "ExportEnd", "digest"): "of lines of an export",
    ("gatewatch.actions.keys.listing", "ListKeys", "old_secrets"): "whether those that have one are meant",
    ("gatewatch.vault.hashicorp_options", "Options", "secret_id"): "a reference",
    ("gatewatch.vault.hashicorp_options", "Options", "token"): "a reference",
    ("gatewatch.vault.opening", "Wish", "passphrase_fd"): "a number",
    ("gatewatch.vault.opening", "Wish", "new_passphrase"): "whether one is to be asked for",
    ("proxy.canonical.answer", "TokenLogprob", "token"): "a word of a reply",
    ("proxy.dialects.gemini.logprobs", "_Token", "token"): "a word of a reply",
    ("proxy.dialects.openai_responses.annotations", "LogprobSaid", "token"): "a word of a reply",
    ("proxy.sandbox.logprobs", "TokenLogprob", "token"): "a word of a reply",
}
"""Module, record and field → what it is, where its name would let one think otherwise."""


@hides("secret", "other")
class Held(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    secret: str | None
    other: bytes = b""


@hides("secret")
class Pair(NamedTuple):
    id: str
    secret: str


class Around(msgspec.Struct):
    held: list[Any]


class Below(Held, frozen=True, kw_only=True):
    more: int = 1


def test_a_secret_is_shown_nowhere_and_the_rest_is() -> None:
    held = Held(id="one", secret=CANARY, other=CANARY.encode())
    for record in (held, Pair("one", CANARY), Below(id="one", secret=CANARY)):
        around = Around([record, {"of": record}])
        for said in (repr(record), str(record), f"{record}", repr(around), pretty_repr(record), pretty_repr(around)):
            assert CANARY not in said
            assert "[hidden]" in said
            assert "one" in said


def test_that_there_is_none_is_no_secret() -> None:
    assert repr(Held(id="one", secret=None)) == "Held(id='one', secret=None, other=[hidden])"


def test_it_is_a_record_like_every_other() -> None:
    held = Held(id="one", secret=CANARY)
    assert msgspec.json.decode(msgspec.json.encode(held), type=Held) == held
    assert Pair("a", "b") == ("a", "b")
    assert hash(held)


def test_a_field_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="no such fields"):

        @hides("secrt")
        class Wrong(msgspec.Struct):
            secret: str


def test_a_log_line_with_the_record_in_it_holds_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("a test").error("%s and %r", Held(id="a", secret=CANARY), Pair("b", CANARY))
    assert CANARY not in caplog.text
    assert "[hidden]" in caplog.text


def records() -> Iterator[type]:
    """Every struct, named tuple and dataclass of ours."""
    for package in PACKAGES:
        parent = importlib.import_module(package)
        for found in pkgutil.walk_packages(parent.__path__, f"{package}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            for record in vars(module).values():
                if isinstance(record, type) and record.__module__ == found.name:
                    yield record


def looks(record: type) -> list[str]:
    fields = fields_of(record)
    if dataclasses.is_dataclass(record):
        fields += tuple(field.name for field in dataclasses.fields(record) if field.repr)
    return [
        field
        for field in fields
        if LIKE_A_SECRET.search(field) and (record.__module__, record.__name__, field) not in NO_SECRETS
    ]


def blank(record: type, field: str) -> Any:
    """One of `record` with the canary in `field`, whatever its types say."""
    fields = fields_of(record)
    if issubclass(record, tuple):
        return record._make(CANARY if name == field else None for name in fields)  # type: ignore[attr-defined]
    return record(**{name: CANARY if name == field else None for name in fields})  # structs check no types


def test_every_record_with_a_secret_hides_it() -> None:
    found = [(record, field) for record in records() for field in looks(record)]
    names = {f"{record.__module__}.{record.__name__}" for record, _ in found}
    assert {"proxy.settings.Settings", "proxy.settings.ProviderKey", "gatewatch.control.key_table._Stored"} <= names
    shows = [
        f"{record.__module__}.{record.__name__}.{field}"
        for record, field in found
        if CANARY in repr(blank(record, field)) + pretty_repr(blank(record, field))
    ]
    assert shows == [], "decorate them with gatewatch.hidden.hides, or say in NO_SECRETS what they are"
