"""What has to be installed beside Gatewatch for some providers, and whether it is."""

from collections.abc import Iterator
from importlib.util import find_spec

from gatewatch.config.admin_rules import admin_api
from gatewatch.config.models import Provider
from gatewatch.config.problems import KeyPath, Problem

_NEEDED = {
    "sigv4": (("botocore",), "gatewatch[bedrock]"),
    "google": (("google.auth", "requests"), "gatewatch[vertex]"),
}
"""What a way to prove who asks needs: modules, and the extra that brings them."""
_OF_ADMIN = {"bedrock": "sigv4", "google": "google"}
"""How an admin API is told who asks."""


def missing_extras(path: KeyPath, provider: Provider) -> Iterator[Problem]:
    """One problem for each thing that a completed provider cannot be spoken to without."""
    if provider.auth in _NEEDED:
        modules, extra = _NEEDED[provider.auth]
        if not all(map(_is_there, modules)):
            yield Problem((*path, "auth"), f"{provider.auth} without {extra}", f"pip install '{extra}', or auth: key")
    api = admin_api(provider)
    if api in _OF_ADMIN:
        modules, extra = _NEEDED[_OF_ADMIN[api]]
        if not all(map(_is_there, modules)):
            yield Problem((*path, "admin", "api"), f"{api} without {extra}", f"pip install '{extra}'")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is not there
        return False
