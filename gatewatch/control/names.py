"""Which names teams, projects, keys and models may have.

Letters, digits, single spaces and `. _ - @ +`, starting with a letter or digit: such a name means the same in a filter,
a file, a spreadsheet, a terminal and SQL. Something that looks like a key is refused, and never repeated.
"""

import re

from gatewatch.errors import UsageError
from gatewatch.keys.secret_shapes import is_known_secret, shown

_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9][A-Za-z0-9._@+-]*(?: [A-Za-z0-9._@+-]+)*", re.ASCII)
_MODEL = re.compile(r"[A-Za-z0-9@][A-Za-z0-9._:/@+-]{0,199}", re.ASCII)


def checked_name(what: str, name: str) -> str:
    """`name`, where it may name a `what` ("team", "key", …). Raises UsageError."""
    if is_known_secret(name):
        raise UsageError(
            f"what is given as the name of a {what} looks like a secret", "choose a name that may be shown"
        )
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{shown(name)} cannot name a {what}",
            "1 to 64 letters, digits, single spaces and . _ - @ +, starting with a letter or digit",
        )
    return name


def checked_models(models: tuple[str, ...]) -> tuple[str, ...]:
    """An allow-list without repetitions. Raises UsageError where it is empty or holds what cannot name a model."""
    if not models:
        raise UsageError("an empty list of models would allow none", "name at least one, or leave the list out")
    for model in models:
        if _MODEL.fullmatch(model) is None or is_known_secret(model):
            raise UsageError(
                f"{shown(model)} cannot name a model",
                "give the names that apps ask for, separated by commas; patterns are not understood",
            )
    return tuple(dict.fromkeys(models))
