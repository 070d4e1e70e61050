"""Every target that a model names, and where it stands: what holds for targets holds for all of them."""

import re
from collections.abc import Iterator

from gatewatch.config.models import Model
from gatewatch.config.problems import KeyPath

_MODEL = re.compile(r"[!-~]{1,200}")


def is_target(text: str) -> bool:
    """Whether it has the form of one: `provider/model`."""
    provider, _, model = text.partition("/")
    return bool(provider) and _MODEL.fullmatch(model) is not None


def named_targets(name: str, model: Model) -> Iterator[tuple[KeyPath, str]]:
    """Key path → `provider/model`: those of the model, of its classes, for longer calls and for a short answer."""
    path: KeyPath = ("models", name)
    for index, target in enumerate(model.targets):
        yield (*path, "targets", index), target
    for workload, targets in model.classes.items():
        for index, target in enumerate(targets):
            yield (*path, "classes", workload, index), target
    for index, target in enumerate(model.context_window):
        yield (*path, "context_window", index), target
    if model.last_resort and model.last_resort.short_answer:
        yield (*path, "last_resort", "short_answer", "target"), model.last_resort.short_answer.target


def own_targets(model: Model) -> list[str]:
    """Those that its calls are shared among: its own, and those of its classes."""
    return list(dict.fromkeys((*model.targets, *(each for targets in model.classes.values() for each in targets))))
