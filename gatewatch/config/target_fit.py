"""Whether calls of a model may go to a target that its configuration does not name: as if it stood there."""

from gatewatch.config.models import Config
from gatewatch.config.target_privacy import known_privacy, quirks_of, stated
from gatewatch.providers.privacy import unmet
from gatewatch.routing.data_class import may_see
from gatewatch.routing.region import answered_in


def unfit(config: Config, model: str, target: str) -> str | None:
    """Why not, in words that go behind the target's name; None where they may. `target`: `provider/model`.

    Raises KeyError for a model that is not configured.
    """
    asked = config.models[model]
    name = target.partition("/")[0]
    provider = config.providers.get(name)
    if provider is None:
        return f"provider {name} is not configured"
    if asked.region and not answered_in(provider.region, target.partition("/")[2], asked.region):
        where = f"lies in {provider.region}" if provider.region else "has no region that is known"
        return f"provider {name} {where}, and calls of {model} stay in {asked.region}"
    if not may_see(provider.data_class, asked.data_class):
        most = provider.data_class or "public"
        return f"provider {name} may see {most} calls, and those of {model} are {asked.data_class}"
    if asked.privacy and (what := unmet(asked.privacy, known_privacy(provider), stated(provider), quirks_of(provider))):
        return f"provider {name} {what}, and {model} asks for privacy: {asked.privacy}"
    return None
