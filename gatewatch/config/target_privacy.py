"""Whether the providers of a model's targets do with prompts what the model asks for."""

from collections.abc import Iterator

import msgspec

from gatewatch.config.models import Config, Provider
from gatewatch.config.named_targets import named_targets
from gatewatch.config.problems import Problem
from gatewatch.providers.catalogue import presets
from gatewatch.providers.privacy import Privacy, Stated, unmet
from gatewatch.providers.quirks import Quirks


def privacy_problems(config: Config) -> Iterator[Problem]:
    """One problem for each target whose provider does not keep to its model's `privacy`."""
    for name, model in config.models.items():
        for path, target in named_targets(name, model) if model.privacy else ():
            provider = config.providers.get(target.partition("/")[0])
            if provider is None or model.privacy is None:
                continue
            if what := unmet(model.privacy, known_privacy(provider), stated(provider), quirks_of(provider)):
                stating = "trains: no" if model.privacy == "no_training" else "zero_retention: contract"
                yield Problem(
                    path,
                    f"{target}, whose provider {what}",
                    f"a target that keeps to privacy: {model.privacy}; or, where your contract or its console says so, "
                    f"providers.{target.partition('/')[0]}.privacy: {{{stating}}}",
                )


def quirks_of(provider: Provider) -> Quirks:
    """The preset's, with what the file says over it."""
    known = presets()[provider.preset].quirks if provider.preset else Quirks()
    if provider.quirks is None:
        return known
    said = {name: value for name, value in provider.quirks.model_dump().items() if value is not None}
    return msgspec.structs.replace(known, **said)


def known_privacy(provider: Provider) -> Privacy:
    """What is known of the provider, whoever has the account."""
    return presets()[provider.preset].privacy if provider.preset else Privacy()


def stated(provider: Provider) -> Stated:
    """What the file says of the account there."""
    said = provider.privacy
    if said is None:
        return Stated()
    return Stated(trains=said.trains, retention_days=said.retention_days, zero_retention=said.zero_retention)
