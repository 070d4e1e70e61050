"""Whether calls of a model may go to a target that its configuration does not name: as if it stood there."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gatewatch.config.models import Config, Model
from gatewatch.config.target_privacy import known_privacy, quirks_of, stated
from gatewatch.providers.privacy import Policy, unmet
from gatewatch.routing.data_class import DataClass, may_see, most_sensitive
from gatewatch.routing.region import AND, answered_in, every_area


class Kept(NamedTuple):
    """What calls of a model keep to, wherever they go."""

    region: str | None
    """One area, or several with `+`."""
    data_class: DataClass | None
    privacy: Policy | None


def kept(model: Model, then: Mapping[str, Any] | None = None) -> Kept:
    """What the model asks now; with `then`, the definition of a version that was, whatever either of them asks."""
    old = then or {}
    policies = {model.privacy, "zero_retention" if old.get("zero_retention") else None}
    policies.add("no_training" if old.get("opt_out") else None)
    strictest: tuple[Policy, ...] = ("zero_retention", "no_training")
    return Kept(
        AND.join(every_area(model.region, old.get("region"))) or None,
        most_sensitive(model.data_class, old.get("data_class")),
        next((each for each in strictest if each in policies), None),
    )


def unfit(config: Config, model: str, target: str, keeps: Kept | None = None) -> str | None:
    """Why not, in words that go behind the target's name; None where they may. `target`: `provider/model`. `keeps`:
    what the calls keep to, where that is more than the configured model asks.

    Raises KeyError for a model that is not configured.
    """
    asked = keeps or kept(config.models[model])
    name = target.partition("/")[0]
    provider = config.providers.get(name)
    if provider is None:
        return f"provider {name} is not configured"
    for area in every_area(asked.region):
        if not answered_in(provider.region, target.partition("/")[2], area):
            where = f"lies in {provider.region}" if provider.region else "has no region that is known"
            return f"provider {name} {where}, and calls of {model} stay in {area}"
    if not may_see(provider.data_class, asked.data_class):
        most = provider.data_class or "public"
        return f"provider {name} may see {most} calls, and those of {model} are {asked.data_class}"
    if asked.privacy and (what := unmet(asked.privacy, known_privacy(provider), stated(provider), quirks_of(provider))):
        return f"provider {name} {what}, and {model} asks for privacy: {asked.privacy}"
    return None
