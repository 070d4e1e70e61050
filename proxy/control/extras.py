"""What has to be installed beside Gatewatch for some providers, and whether it is."""

from collections.abc import Iterator
from importlib.util import find_spec

from gatewatch.config.models import Provider
from gatewatch.config.problems import KeyPath, Problem

_NEEDED = {"sigv4": ("botocore", "gatewatch[bedrock]"), "google": ("google.auth", "gatewatch[vertex]")}


def missing_extras(path: KeyPath, provider: Provider) -> Iterator[Problem]:
    """One problem for each thing that a completed provider cannot be spoken to without."""
    if provider.auth in _NEEDED and (missing := _missing(provider.auth)):
        yield Problem((*path, "auth"), f"{provider.auth} without {missing}", f"pip install '{missing}', or auth: key")
    elif any(way.dialect == "bedrock-converse" for way in provider.ways) and (missing := _missing("sigv4")):
        yield Problem(
            (*path, "dialect"),
            f"bedrock-converse without {missing}",
            f"pip install '{missing}', or dialect: openai-chat for the models that speak it there",
        )


def _missing(need: str) -> str | None:
    module, extra = _NEEDED[need]
    try:
        return None if find_spec(module) else extra
    except ModuleNotFoundError:  # the package around it is not there
        return extra
