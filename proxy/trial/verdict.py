"""What a failed try means, and what to do about it."""

from difflib import get_close_matches
from typing import Literal

import httpx

from proxy.dialects.provider_error import ProviderError

Verdict = Literal["key", "money", "rate", "model", "place", "provider", "request"]

_UNKNOWN_MODEL = ("not found", "not exist", "unknown", "invalid model", "not a valid", "unsupported model", "no such")


def verdict(status: int, error: ProviderError, model: str = "") -> Verdict:
    """Whose fault an error reply is: the key's, the account's, the model's name, the address's, …"""
    said = error.message.lower()
    if error.quota or status == 402:
        return "money"
    if status in (401, 403) or error.key:
        return "key"
    if status == 429:
        return "rate"
    names_it = "model" in said or (model != "" and model.lower() in said)
    if error.code == "model_not_found" or (names_it and any(words in said for words in _UNKNOWN_MODEL)):
        return "model"
    if status in (404, 405):
        return "place"
    return "provider" if status >= 500 else "request"


def next_step(found: Verdict, name: str, reference: str) -> str:
    """What an operator does about it; for a model or a place there is more to find out first."""
    return {
        "key": f"{_where_the_key_is(name, reference)}; or the account may not use this model",
        "money": "the account has no money or quota left: look at its billing page",
        "rate": "the key works; too much is asked with it at the moment: wait, or ask for higher limits",
        "model": "name another one with --model",
        "place": f"look up the address of its API and change providers.{name}.base_url",
        "provider": "the address and the key may be right: try again later",
        "request": "the key works; try another model with --model, or another --dialect",
    }[found]


def _where_the_key_is(name: str, reference: str) -> str:
    kind, _, place = reference.partition(":")
    return {
        "vault": f"set the key again: gatewatch providers set-key {place}",
        "env": f"set the right key in the environment variable {place}",
        "file": f"put the right key in {place}",
    }.get(kind, f"say where its key is: providers.{name}.api_key")


def unreachable(error: httpx.HTTPError) -> tuple[str, str]:
    """(what is wrong, what to do) where no reply came."""
    said = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return "no reply in time", "is it the right address, and may this machine reach it?"
    if "certificate" in said.lower():
        return f"its certificate is not trusted: {said}", "check the host in base_url; a proxy may stand between"
    if "ssl" in said.lower():
        return f"no TLS: {said}", "is it https there, on this port?"
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {said}", "check the host in base_url, and whether this machine may reach it"
    return f"the connection broke: {said}", "try again; a proxy may stand between"


def likely_models(model: str, listed: list[str], most: int = 8) -> list[str]:
    """Some of the models that there are, those first that may have been meant."""
    near = get_close_matches(model, listed, n=most, cutoff=0.5)
    return (near + [name for name in listed if name not in near])[:most]
