"""Whether there is what a scope of a limit or budget names: providers, their keys, models, environments."""

from collections.abc import Callable

from gatewatch.config.models import Config
from gatewatch.config.problems import nearest
from gatewatch.limits.rule import Scope


def unknown(scope: Scope, name: str, config: Config, shown: Callable[[str], str]) -> tuple[str, str] | None:
    """What is not there, and what could be meant; None where all is well. `shown`: how a name may be repeated.

    Teams, projects, keys and users are not the configuration's alone, and not looked at.
    """
    head, _, rest = name.partition("/")
    if scope in ("model", "provider_key") and head not in config.providers:
        return f"no provider {shown(head)}", nearest(head, list(config.providers))
    if scope == "model" and not rest:
        return shown(name), "model/PROVIDER/MODEL"
    if scope == "provider_key" and rest not in config.providers[head].references:
        return f"no key {shown(name)}", " or ".join(f"{head}/{id}" for id in config.providers[head].references)
    if scope == "route" and name not in config.models and head not in config.providers:
        return f"no model {shown(name)}", nearest(name, list(config.models))
    if scope == "environment" and name not in ("live", "test"):
        return shown(name), "environment/live or environment/test"
    if scope == "project" and not rest:
        return shown(name), "project/TEAM/PROJECT"
    return None
