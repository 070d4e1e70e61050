"""Whether models lead where they can and may: to targets that there are, in their region, that may see their calls.

Keeps true: what a call would be refused for, because its model's own configuration forbids it, is found before any.
"""

from collections.abc import Iterator

from gatewatch.config.models import Config, Model, Provider
from gatewatch.config.named_targets import is_target, named_targets, own_targets
from gatewatch.config.problems import KeyPath, Problem, found_text, nearest
from gatewatch.providers.aws_region import region_of
from gatewatch.routing.data_class import may_see
from gatewatch.routing.region import AREAS, answered_in, is_area, lies_in


def routing_problems(config: Config) -> Iterator[Problem]:
    """Of all models, and of what is said of where providers are."""
    for name, model in config.models.items():
        yield from _targets(config, name, model)
        yield from _weights(name, model)
    for name, provider in config.providers.items():
        yield from _address(name, provider)


def _targets(config: Config, name: str, model: Model) -> Iterator[Problem]:
    if model.region and not is_area(model.region):
        yield Problem(
            ("models", name, "region"), found_text(("region",), model.region), f"an area, as {', '.join(AREAS)}"
        )
        return
    for workload, targets in model.classes.items():
        if not targets:
            yield Problem(("models", name, "classes", workload), "an empty list", "provider/model, at least one")
    seen: set[tuple[KeyPath, str]] = set()
    for path, target in named_targets(name, model):
        if problem := _unknown(config, path, target):
            yield problem
        elif (path[:-1], target) in seen:
            yield Problem(path, f"{target} again", "each target once")
        else:
            provider = target.partition("/")[0]
            yield from _unfit(path, target, model, provider, config.providers[provider])
        seen.add((path[:-1], target))


def _unknown(config: Config, path: KeyPath, target: str) -> Problem | None:
    provider = target.partition("/")[0]
    if not is_target(target):
        return Problem(path, found_text(path, target), "provider/model, as in openai/gpt-4o-mini")
    if provider not in config.providers:
        known = nearest(provider, list(config.providers))
        return Problem(
            path, f"no provider {found_text(path, provider)}", f"a provider that stands under providers: {known}"
        )
    return None


def _unfit(path: KeyPath, target: str, model: Model, name: str, provider: Provider) -> Iterator[Problem]:
    if model.region and not answered_in(provider.region, target.partition("/")[2], model.region):
        where = f"lies in {provider.region}" if provider.region else "says no region"
        if lies_in(provider.region, model.region):
            told = f"{target}, which is answered in other regions too, by its name"
            allowed = f"a model that is answered in {model.region} alone"
        else:
            told = f"{target}, whose provider {where}"
            allowed = (
                f"a target in {model.region}; or, where your account there is answered in it,"
                f" providers.{name}.region with the region that it has"
            )
        yield Problem(path, told, allowed)
    if not may_see(provider.data_class, model.data_class):
        yield Problem(
            path,
            f"{target}, whose provider may see {provider.data_class or 'public'} calls",
            f"a target that may see {model.data_class} calls; or, where it may,"
            f" providers.{name}.data_class: {model.data_class}",
        )


def _weights(name: str, model: Model) -> Iterator[Problem]:
    own = own_targets(model)
    for target in model.weights:
        if target not in own:
            path: KeyPath = ("models", name, "weights", target)
            yield Problem(path, f"no target {found_text(path, target)} of this model", nearest(target, own))


def _address(name: str, provider: Provider) -> Iterator[Problem]:
    """AWS says in an address where it is: no other region can be claimed for it."""
    for endpoint in provider.ways:
        there = region_of(endpoint.base_url)
        if there and provider.region and provider.region != there:
            yield Problem(
                ("providers", name, "region"),
                f"{provider.region}, with an address in {there}",
                f"{there}, or an address in {provider.region}",
            )
            return
