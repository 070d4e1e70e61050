"""Which workload class a call is of: its header says, else the first rule that fits, else its route.

Keeps true: a rule looks at the request's form, never at its words; what costs something to know is looked at last, and
once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gatewatch.routing.workload_class import WORKLOAD_CLASSES, WorkloadClass
from proxy.refusal import bad_request
from proxy.routing import Condition, WorkloadRule
from proxy.worker.inbound import Inbound
from proxy.worker.routing.globs import Glob

HEADER = b"x-gatewatch-workload"
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")

Tokens = Callable[[], int]
"""How many the request probably has."""


def workload_said(headers: Mapping[bytes, bytes]) -> WorkloadClass | None:
    """What the caller says. Raises Refusal for what is no class."""
    said = headers.get(HEADER)
    if said is None:
        return None
    word = said.strip().lower().decode("ascii", "replace")
    for each in WORKLOAD_CLASSES:
        if each == word:
            return each
    raise bad_request(
        "invalid_workload",
        f"The header {HEADER.decode()} says one of: {', '.join(WORKLOAD_CLASSES)}.",
        param=HEADER.decode(),
    )


class Workloads:
    """The rules of one configuration."""

    def __init__(self, rules: tuple[WorkloadRule, ...]) -> None:
        self._rules = [(rule.workload, _Fits(rule.when)) for rule in rules]

    def of(self, inbound: Inbound, tokens: Tokens) -> WorkloadClass | None:
        """The class of the first rule that fits, if any does."""
        for workload, fits in self._rules:
            if fits(inbound, tokens):
                return workload
        return None


class _Fits:
    """One condition, ready to be asked."""

    def __init__(self, when: Condition) -> None:
        self._when = when
        named = (("requested_model", when.model), ("feature", when.feature), ("use_case", when.use_case))
        self._globs = [(name, Glob(pattern)) for name, pattern in named if pattern is not None]

    def __call__(self, inbound: Inbound, tokens: Tokens) -> bool:
        when, call, body = self._when, inbound.call, inbound.body
        if when.endpoint is not None and call.endpoint != when.endpoint:
            return False
        if when.team is not None and call.team != when.team:
            return False
        for name, glob in self._globs:
            if not glob.fits(getattr(call, name)):
                return False
        if when.tools is not None and bool(body.get("tools")) is not when.tools:
            return False
        if when.structured is not None and is_structured(body) is not when.structured:
            return False
        if when.output_below is not None and not _is_below(body, when.output_below):
            return False
        return when.input_above is None or tokens() > when.input_above


def is_structured(body: Mapping[str, Any]) -> bool:
    """Whether the reply has to be JSON: Chat Completions' `response_format`, Responses' `text.format`, Anthropic's
    `output_config.format` and the older `output_format`."""
    text, output = body.get("text"), body.get("output_config")
    for form in (
        body.get("response_format"),
        text.get("format") if isinstance(text, dict) else None,
        output.get("format") if isinstance(output, dict) else None,
        body.get("output_format"),
    ):
        if isinstance(form, dict) and form.get("type") in ("json_object", "json_schema"):
            return True
    return False


def _is_below(body: Mapping[str, Any], tokens: int) -> bool:
    """Of several limits the largest counts: nobody knows by which a provider goes."""
    limits = [value for name in _LIMITS if type(value := body.get(name)) is int]
    return bool(limits) and max(limits) < tokens
