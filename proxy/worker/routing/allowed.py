"""What a call must keep to, wherever it is sent: where it may be answered, and who may see it.

Keeps true: what route, key and caller say holds together, so that none of them widens another; the rule is asked of
every target, whoever thought of it; what the caller is told names what was asked for, never the targets.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gatewatch.call import Call
from gatewatch.routing.data_class import DATA_CLASSES, DataClass, may_see, most_sensitive
from gatewatch.routing.region import AND, answered_in, every_area, is_area, lies_in
from proxy.refusal import DO_NOT_RETRY, Refusal, bad_request
from proxy.settings import Provider, Target
from proxy.worker.further_models import named_models

REGION = b"x-gatewatch-region"
DATA_CLASS = b"x-gatewatch-data-class"


def region_said(headers: Mapping[bytes, bytes]) -> str | None:
    """What the caller asks for. Raises Refusal for what is no region."""
    said = headers.get(REGION)
    if said is None:
        return None
    area = said.strip().lower().decode("ascii", "replace")
    if not is_area(area):
        raise bad_request(
            "invalid_region", f"The header {REGION.decode()} holds no region; as in: eu.", param=REGION.decode()
        )
    return area


def data_class_said(headers: Mapping[bytes, bytes]) -> DataClass | None:
    """How sensitive the caller says that its call is. Raises Refusal for what is no such class."""
    said = headers.get(DATA_CLASS)
    if said is None:
        return None
    word = said.strip().lower().decode("ascii", "replace")
    for each in DATA_CLASSES:
        if each == word:
            return each
    raise bad_request(
        "invalid_data_class",
        f"The header {DATA_CLASS.decode()} says one of: {', '.join(DATA_CLASSES)}.",
        param=DATA_CLASS.decode(),
    )


def bind(call: Call, regions: Iterable[str | None], data_classes: Iterable[DataClass | None]) -> None:
    """Note in the call's row what it must keep to: every region, and the most sensitive class."""
    call.region = AND.join(every_area(*regions)) or None
    call.data_class = most_sensitive(*data_classes)


def objection(call: Call, provider: Provider, target: Target) -> str | None:
    """Why the call must not be sent to that target, in words for its row; None: it may. Asked before each is."""
    if call.region is not None:
        for area in every_area(call.region):
            if not answered_in(provider.region, target.model, area):
                return f"not in the region {area}"
    if call.data_class is not None and not may_see(provider.data_class, call.data_class):
        return f"may not see {call.data_class} calls"
    return None


def check_own_region(call: Call, body: dict[str, Any]) -> None:
    """A request may say itself where it is answered (Anthropic's `inference_geo`), or name further models that are
    answered elsewhere. Raises Refusal where that is not where it has to be."""
    if call.region is None:
        return
    areas, geo = every_area(call.region), body.get("inference_geo")
    leaving = None
    if geo is not None and not (isinstance(geo, str) and all(lies_in(geo, area) for area in areas)):
        leaving = "inference_geo"
    else:
        for param, name in named_models(body):
            if not all(answered_in(area, name, area) for area in areas):
                leaving = param
    if leaving is not None:
        refusal = none_allowed(call, ())
        refusal.param = leaving
        raise refusal


def none_allowed(call: Call, passed_over: Iterable[tuple[str, str]]) -> Refusal:
    """The error of a call that nobody may be sent."""
    asked = []
    if call.region is not None:
        asked.append(f"has to be answered in the region {' and '.join(every_area(call.region))}")
    if call.data_class is not None:
        asked.append(f"is of the data class {call.data_class}")
    return Refusal(
        403,
        "no_target_allowed",
        f"The call {' and '.join(asked)}, and the model has no target for that.",
        type="permission_error",
        param="model",
        headers=DO_NOT_RETRY,
        reason="; ".join(f"{target}: {why}" for target, why in passed_over) or None,
    )
