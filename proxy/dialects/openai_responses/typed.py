"""The caller's values as typed structs, and what is said to the caller where they are none."""

from typing import Any, TypeVar

import msgspec

from proxy.refusal import Refusal, bad_request

T = TypeVar("T")
_PLACE = " - at `"
_MISSING = "Object missing required field "


def typed(value: Any, shape: type[T], where: str = "") -> T:
    """The value as `shape`; fields that it does not have are skipped. Raises Refusal (400) that names the place."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), where) from None


def _refusal(said: str, where: str) -> Refusal:
    complaint, _, place = said.partition(_PLACE)
    param = (where + place.rstrip("`").removeprefix("$")).removeprefix(".")
    if complaint.startswith(_MISSING):
        param = f"{param}.{complaint.removeprefix(_MISSING).strip('` ')}".removeprefix(".")
        return bad_request("missing_required_parameter", f"Missing required parameter: '{param}'.", param=param)
    code = "invalid_type" if complaint.startswith("Expected") else "invalid_value"
    return bad_request(code, f"Invalid value for '{param}': {complaint}.", param=param or None)
