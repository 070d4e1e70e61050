"""What every client must make of every provider: one table, written by hand.

Its sources are the vendors' pages on finish reasons and errors, the SDKs' classes by status, README's codes, and the
sandbox's rules for tokens (docs/sandbox.md): the question has 40 bytes and so 10 tokens, 4 more as a message and 3 as
a prompt; the text has 38 and so 10.
"""

from typing import Any

from tests.conformance.sdk.cases import OUTPUTS, TEXT, THOUGHT, UNKNOWN
from tests.conformance.sdk.clients import Api, Sdk
from tests.conformance.sdk.providers import HOUSE, Provider

INPUT, OUTPUT = 17, 10
CITIES = {"parsed": ["city"], "is_text": True}
CALLS = {"calls": [["get_weather", {"city": city}] for city in OUTPUTS], "ids": 2}
DO_NOT_RETRY = {"x-should-retry": "false"}

DONE: dict[Api, str] = {"chat": "stop", "responses": "completed", "messages": "end_turn"}
CALLED: dict[Api, str] = {"chat": "tool_calls", "responses": "completed", "messages": "tool_use"}
USAGE: dict[Api, list[int]] = {
    "chat": [INPUT, OUTPUT, INPUT + OUTPUT],
    "responses": [INPUT, OUTPUT, INPUT + OUTPUT],
    "messages": [INPUT, OUTPUT],
}

_TURNS: dict[Api, str] = {"chat": "messages", "responses": "input", "messages": "messages"}

CLASSES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    502: "InternalServerError",
}
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    502: "api_error",
    529: "overloaded_error",
}


def expected(sdk: Sdk, api: Api, provider: Provider) -> dict[str, Any]:
    """Case → verdict."""
    errors = Errors(sdk, api, provider.dialect)
    table = good(api) | beside(api, provider) | errors.table()
    if provider.dialect == "bedrock-converse":
        table |= errors.of_bedrock()
        if "limit_waited_for" in table:
            table["limit_waited_for"] = table["limit_waited_for"] | {"waited": False}  # AWS does not say how long
    if api == "chat" and not sdk.joins_thoughts:
        case = "thinking_with_tools_in_a_stream"
        table[case] = table[case] | {"thought": " up."}  # its last delta
    return {name: verdict for name, verdict in table.items() if sdk.two_clients or not name.endswith("_async")}


def good(api: Api) -> dict[str, Any]:
    """What goes well is alike everywhere."""
    short: dict[str, Any] = {"text": TEXT, "finish": DONE[api]}
    whole = short | {"usage": USAGE[api]}
    identified = {"has_id": True}
    thought = {"text": TEXT, "thought": THOUGHT}
    streamed: dict[str, Any] = {"several": True}
    helped: dict[str, Any] = {"deltas": TEXT}
    streamed_thought = thought if api == "chat" else thought | {"deltas": THOUGHT}
    match api:
        case "responses":
            streamed |= {"deltas": TEXT, "in_order": True}
        case "messages":
            streamed |= {"ended": True}
            helped |= identified
    thought_on = thought | CALLS
    waited = {"text": TEXT, "tries": 1, "waited": True}  # by the gateway; one client, so once for OpenAI's two APIs
    more = {"thinking_with_tools_stored": thought_on} if api == "responses" else {"limit_waited_for": waited}
    return more | {
        "text": whole | identified,
        "text_async": whole,
        "stream": whole | streamed,
        "stream_async": whole | streamed,
        "stream_helper": whole | helped,
        "tools": CALLS | {"finish": CALLED[api]},
        "tools_in_a_stream": CALLS | {"finish": CALLED[api]},
        "tools_in_a_stream_async": CALLS | {"finish": CALLED[api]},
        "tool_results": short,
        "image": short,
        "image_by_url": short,
        "structured": CITIES,
        "structured_in_a_stream": CITIES,
        "thinking": thought,
        "thinking_in_a_stream": streamed_thought,
        "thinking_with_tools": thought_on,
        "thinking_with_tools_in_a_stream": thought_on,
    }


def beside(api: Api, provider: Provider) -> dict[str, Any]:
    """What an SDK can ask for beside replies."""
    listed = {"has_house": True, "one": HOUSE}
    if api == "chat":
        return {
            "completion": {"text": TEXT, "finish": "stop"},
            "models": listed,
            "models_async": {"has_house": True},
        }
    if api == "responses":
        return {}
    its_own = {"tokens": INPUT, "estimated": None}
    ours = {"tokens": 40 // 4 + 4, "estimated": "input_tokens"}  # 4 characters are a token, a message adds 4
    counted = ours if provider.dialect == "openai-chat" else its_own
    return {
        "count": counted,
        "count_async": {"tokens": counted["tokens"]},
        "models": listed | {"named": True, "pages": True},
        "models_async": {"has_house": True},
    }


class Errors:
    """What goes wrong, as one SDK raises it."""

    def __init__(self, sdk: Sdk, api: Api, dialect: str) -> None:
        self._sdk = sdk
        self._api = api
        self._dialect = dialect
        self._same = dialect == {
            "chat": "openai-chat",
            "responses": "openai-responses",
            "messages": "anthropic-messages",
        }.get(api)
        """The request passes as it is: who does not know a parameter is the provider."""

    @property
    def _overload(self) -> int:
        return 529 if self._api == "messages" else 503

    def table(self) -> dict[str, Any]:
        status_of = {
            "fault-400": (400, "context_length_exceeded"),
            "fault-404": (404, "model_not_found"),
            "fault-401": (502, "upstream_auth"),
            "fault-403": (502, "upstream_auth"),
            "fault-429": (429, "upstream_rate_limited"),
            "fault-500": (502, "upstream_error"),
            "fault-503": (self._overload, "upstream_overloaded"),
            "fault-529": (self._overload, "upstream_overloaded"),
            "fault-cut-stream": (502, "upstream_truncated"),
            "fault-html": (502, "upstream_invalid"),
            "fault-200-error": (502, "upstream_error"),
        }
        table: dict[str, Any] = {name: self._refused(*said) for name, said in status_of.items()}
        for name in ("fault-401", "fault-403"):
            table[name] |= DO_NOT_RETRY
        table["fault-429"] |= {"retry-after": "1"}
        if self._api != "messages" and self._dialect.startswith("openai-"):
            table["fault-400"] |= {"param": "messages"}  # what OpenAI says goes on to who understands it
        wrong_key = self._refused(401, "invalid_api_key")
        table |= {
            "wrong_key": wrong_key,
            "wrong_key_async": wrong_key,
            "unknown_model": self._refused(404, "model_not_found", "model"),
            "unknown_parameter": self._not_told(UNKNOWN),
            "previous_response": self._not_told("previous_response_id"),
            "stream-of-fault-cut-stream": self._broken("upstream_truncated") | {"began": True},
            "stream-of-fault-no-done": self._broken("upstream_truncated") | {"began": True},
            "stream-of-fault-reset-body": self._broken("upstream_truncated") | {"began": True},
            "stream-of-fault-half-frame": self._broken("upstream_truncated") | {"began": True},
            "stream-of-fault-bad-json": self._broken("upstream_invalid") | {"began": True},
            "stream-of-fault-error-event": self._ended_by_event() | {"began": True},
            "stream-of-fault-429": table["fault-429"] | {"began": False},
            "broken_stream_async": self._broken("upstream_truncated") | {"began": True},
            "broken_stream_helper": self._ended_by_event(),
        }
        if self._api != "responses":
            table["model_that_does_not_exist"] = self._refused(404, "model_not_found", "model")
        if self._api == "responses" and self._same:
            table["previous_response"] = {"text": TEXT, "finish": "completed"}
        return table

    def _refused(self, status: int, code: str, param: str | None = None) -> dict[str, Any]:
        name = self._sdk.unavailable if status == self._overload else CLASSES[status]
        found: dict[str, Any] = {"error": name, "status": status, "code": code, "has_id": True}
        return found | ({"type": ANTHROPIC_TYPES[status]} if self._api == "messages" else {"param": param})

    def _not_told(self, name: str) -> dict[str, Any]:
        """A parameter that the provider cannot be told is named: where the dialect has a field for that, there."""
        if self._api == "messages":
            code = "upstream_refused" if self._same else "unsupported_parameter"
            return self._refused(400, code) | {"names_it": True}
        return self._refused(400, "unknown_parameter" if self._same else "unsupported_parameter", name)

    def _broken(self, code: str, type: str = "api_error") -> dict[str, Any]:
        """A stream that had begun never ends silently."""
        found: dict[str, Any] = {"error": self._sdk.broken_class, "code": code}
        if self._api != "messages":
            return found | {"param": None}
        return found | {"type": type, "status": self._sdk.broken_status, "has_id": True}

    def _ended_by_event(self) -> dict[str, Any]:
        """By what the sandbox says in each vendor's error event."""
        match self._dialect:
            case "anthropic-messages":
                return self._broken("upstream_overloaded", "overloaded_error")
            case "bedrock-converse":
                return self._broken("upstream_rate_limited", "rate_limit_error")
        return self._broken("upstream_error")

    def of_bedrock(self) -> dict[str, Any]:
        """docs.aws.amazon.com/bedrock, Converse, "Errors" and `ImageSource`: it takes no addresses of images, an
        model that is not ready is a 429, a throttled caller is not told for how
        long, and there are no errors with status 200."""
        throttled = self._refused(429, "upstream_rate_limited")
        return {
            "image_by_url": self._refused(400, "unsupported_parameter", _TURNS[self._api]),
            "fault-429": throttled,
            "fault-529": throttled,
            "fault-200-error": self._refused(502, "upstream_invalid"),
            "stream-of-fault-429": throttled | {"began": False},
        }
