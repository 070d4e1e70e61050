"""What is wrong with a configuration, as an operator reads it: where, which key, what was found, what is allowed.

Keeps true: what is found is shown harmless and never when it may be a secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from gatewatch.errors import GatewatchError
from gatewatch.keys.secret_shapes import shown

KeyPath = tuple[str | int, ...]
"""From the root to a key: `("providers", "openai", "base_url")`."""

_NEVER_SHOWN = frozenset({"api_key", "headers", "opt_out_headers", "query"})


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    path: KeyPath
    found: str
    allowed: str
    line: int | None = None

    @property
    def key(self) -> str:
        return key_text(self.path)

    def __str__(self) -> str:
        allowed = self.allowed if self.allowed.startswith("did you mean") else f"allowed: {self.allowed}"
        return f"{self.key or 'the file'}: found {self.found}; {allowed}"


@dataclass(frozen=True)
class Lines:
    """On which line of which file each key stands, so that whatever is said of a key can say where it is."""

    source: str = "no file"
    of: Mapping[KeyPath, int] = field(default_factory=dict)

    def line(self, path: KeyPath) -> int | None:
        """Where `path` stands, or else the nearest key around it."""
        while path and path not in self.of:
            path = path[:-1]
        return self.of.get(path)

    def where(self, path: KeyPath, line: int | None = None) -> str:
        """`gatewatch.yaml:12`, or the file alone."""
        line = line or self.line(path)
        return f"{self.source}:{line}" if line else self.source


class ConfigError(GatewatchError):
    """The configuration cannot be used. The one in force stays."""

    def __init__(self, problems: Sequence[Problem], lines: Lines) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or lines.line(problem.path) or 0))
        self.lines = lines
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        super().__init__(f"{lines.source} has {count}", "\n  ".join(self.texts()))

    def texts(self) -> list[str]:
        """One line for each problem, with its place."""
        return [f"{self.lines.where(problem.path, problem.line)}: {problem}" for problem in self.problems]


def key_text(path: KeyPath) -> str:
    """`providers.openai.base_url`, `models.bot.targets[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def found_text(path: KeyPath, value: object) -> str:
    """What stands there, in words fit for a terminal and a log."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if (
        _NEVER_SHOWN.intersection(path)
        or ("api_keys" in path and path[-1] == "key")
        or (path[:1] == ("alert_sinks",) and path[-1] in ("url", "secret"))
    ):
        return "a text that is not repeated here"
    return shown(str(value))


def nearest(name: str, names: Sequence[str]) -> str:
    """The name that was probably meant, else all there are."""
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return ", ".join(names) if names else "none"


def among(name: str, names: Sequence[str]) -> str:
    """All there are, and the name that was probably meant."""
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return ", ".join(names) + (f" (did you mean {near[0]}?)" if near else "")
