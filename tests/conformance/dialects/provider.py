"""One dialect that providers speak, as the table sees it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Pattern = Any
Json = dict[str, Any]

NUMBERS = {"input": 1200, "output": 70, "reasoning": 20}
CACHED = 600
"""Tokens that the usage objects of the table speak of; of the input, so many came from the cache."""


class Provider(NamedTuple):
    """Adding one to the table is one of these, in `table.py`."""

    id: str
    title: str
    base: str
    """Path of its API at the sandbox."""
    model: str
    models: Mapping[str, str]
    """Feature → the model that is asked for it, where that is another one."""
    received: Mapping[str, Pattern]
    """Feature → what the provider must have received. Features that only the reply is about have none."""
    usage: Json
    """What its replies are told to say of `NUMBERS`."""
    cached_usage: Json
    """The same with `CACHED`."""
    demands: Mapping[str, Mapping[str, str]]
    """Feature → what the sandbox is told instead, where this API has no such thing."""
    faults: Mapping[str, tuple[int, str]]
    """Feature → status and code of the error, where this API says it otherwise than most."""
    declined: str
    """The sandbox's words where it declines, and this API has a place for them."""
    own_types: Mapping[str, str]
    """Feature → its own word for the type of that error, which callers of OpenAI's APIs may be told: theirs is free."""
    names_stop: bool
    """Whether it says which stop sequence ended the reply."""
    request_id: bool
    """Whether its replies have an id of the request in a header."""
    counts_reasoning: bool
    """Whether its usage counts reasoning apart."""
    names_model: bool
    """Whether its replies name the model that answered."""
    streams_arguments: bool
    """Whether the arguments of a call come in pieces."""
    target: Callable[[str, bool], str]
    """Model, whether it streams → path and query."""

    def model_for(self, feature: str) -> str:
        return self.models.get(feature, self.model)

    def demanded(self, feature: str) -> dict[str, Any]:
        """What of the sandbox's answer depends on who is asked."""
        if feature in ("usage", "usage_streamed"):
            return {"usage": self.usage}
        if feature == "cached_usage":
            return {"usage": self.cached_usage}
        return dict(self.demands.get(feature, {}))
