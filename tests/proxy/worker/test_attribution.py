"""Who pays and for what, as callers of four gateways say it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.call import Call, line
from proxy.worker.attribution import MAX_NAME, MAX_TAGS, MAX_VALUE, attribute


def attributed(headers: dict[bytes, bytes] | None = None, body: dict[str, object] | None = None) -> Call:
    call = Call(call_id="c", started_at=1)
    attribute(call, headers or {}, body or {})
    return call


@pytest.mark.parametrize(
    ("headers", "column", "value"),
    [
        ({b"x-gatewatch-task": b"t-1"}, "task_id", "t-1"),
        ({b"x-gatewatch-tags": b'{"task":"t-1"}'}, "task_id", "t-1"),
        ({b"x-gatewatch-tags": b'{"feature":"search"}'}, "feature", "search"),
        ({b"x-gatewatch-tags": b'{"customer":"acme"}'}, "customer", "acme"),
        ({b"x-gatewatch-tags": b'{"use_case":"support"}'}, "use_case", "support"),
        ({b"x-gatewatch-tags": b'{"user":"u-1"}'}, "user", "u-1"),
        ({b"x-litellm-customer-id": b"acme"}, "customer", "acme"),
        ({b"x-litellm-end-user-id": b"u-1"}, "user", "u-1"),
        ({b"x-litellm-spend-logs-metadata": b'{"feature":"search"}'}, "feature", "search"),
        ({b"x-portkey-metadata": b'{"_user":"u-1"}'}, "user", "u-1"),
        ({b"x-portkey-trace-id": b"t-1"}, "task_id", "t-1"),
        ({b"helicone-user-id": b"u-1"}, "user", "u-1"),
        ({b"helicone-property-feature": b"search"}, "feature", "search"),
    ],
)
def test_what_has_a_column_goes_there(headers: dict[bytes, bytes], column: str, value: str) -> None:
    call = attributed(headers)
    assert getattr(call, column) == value
    assert call.tags == {}


@pytest.mark.parametrize(
    ("body", "user"),
    [
        ({"user": "u-1"}, "u-1"),
        ({"safety_identifier": "5f2c"}, "5f2c"),
        ({"safety_identifier": "5f2c", "user": "u-1"}, "u-1"),
        ({"safety_identifier": 7, "user": ""}, None),
    ],
    ids=["user", "safety_identifier", "both", "neither"],
)
def test_openais_names_of_a_user_are_known(body: dict[str, object], user: str | None) -> None:
    assert attributed(body=body).user == user


@pytest.mark.parametrize(
    ("headers", "tags"),
    [
        ({b"x-gatewatch-tags": b'{"a":"1","n":2,"f":0.5,"yes":true}'}, {"a": "1", "n": "2", "f": "0.5", "yes": "true"}),
        ({b"x-litellm-tags": b"job:nightly, batch ,,"}, {"job:nightly": "true", "batch": "true"}),
        ({b"x-litellm-spend-logs-metadata": b'{"run":"7"}'}, {"run": "7"}),
        ({b"x-portkey-metadata": b'{"env":"prod"}'}, {"env": "prod"}),
        ({b"helicone-property-session": b"s"}, {"session": "s"}),
        ({b"helicone-session-id": b"s-1"}, {"session": "s-1"}),
    ],
)
def test_everything_else_is_a_tag(headers: dict[bytes, bytes], tags: dict[str, str]) -> None:
    assert attributed(headers).tags == tags


def test_the_body_speaks_too() -> None:
    call = attributed(body={"user": "u-1", "metadata": {"feature": "search", "run": "7", "deep": {"x": 1}, "l": [1]}})
    assert (call.user, call.feature, call.tags) == ("u-1", "search", {"run": "7"})


@pytest.mark.parametrize("ours_first", [True, False])
def test_our_own_headers_win_whatever_the_order(ours_first: bool) -> None:
    ours = [(b"x-gatewatch-task", b"ours"), (b"x-gatewatch-tags", b'{"user":"ours","run":"ours"}')]
    others = [
        (b"x-portkey-trace-id", b"theirs"),
        (b"helicone-user-id", b"theirs"),
        (b"helicone-property-run", b"theirs"),
    ]
    headers = dict(ours + others if ours_first else others + ours)
    call = attributed(headers, {"user": "body", "metadata": {"run": "body"}})
    assert (call.task_id, call.user, call.tags) == ("ours", "ours", {"run": "ours"})


def test_headers_win_over_the_body_and_an_empty_value_over_nothing() -> None:
    assert attributed({b"helicone-user-id": b"header"}, {"user": "body"}).user == "header"
    assert attributed({b"helicone-user-id": b""}, {"user": "body"}).user == "body"
    assert attributed({b"helicone-user-id": b""}).user is None


@pytest.mark.parametrize(
    "value",
    [
        b"not json",
        b"\xff\xfe",
        b"[1,2]",
        b'"text"',
        b"null",
        b"{",
        b'{"a":NaN}',
        b"[" * 30_000,
        b'{"a":' * 5000,
        b'{"":"x"}',
        b'{"a":{"b":1}}',
        b'{"a":"\\ud800"}',
    ],
)
def test_nonsense_in_a_header_of_tags_says_nothing(value: bytes) -> None:
    call = attributed({b"x-gatewatch-tags": value, b"x-portkey-metadata": value})
    assert call.tags == {}


def test_claims_are_cut_to_size() -> None:
    many = {f"tag{n}": "v" * 1000 for n in range(200)} | {"n" * (MAX_NAME + 1): "x"}
    call = attributed({b"x-gatewatch-tags": json.dumps(many).encode(), b"user-agent": b"a" * 5000}, {"user": "u" * 999})
    assert len(call.tags) == MAX_TAGS
    assert {len(value) for value in call.tags.values()} == {MAX_VALUE}
    assert call.user is not None
    assert (len(call.user), len(call.client or "")) == (MAX_VALUE, 120)


def test_a_claim_can_be_changed_when_there_are_as_many_as_there_may_be() -> None:
    many = {f"tag{n}": "body" for n in range(MAX_TAGS)}
    call = attributed({b"x-gatewatch-tags": b'{"tag0":"header","another":"x"}'}, {"metadata": many})
    assert call.tags["tag0"] == "header"
    assert "another" not in call.tags


@pytest.mark.parametrize(
    ("value", "retry"), [(b"2", 2), (b"0", 0), (b"-1", 0), (b"x", 0), (b"", 0), (b"99999999", 9999), (b"\xb2", 0)]
)
def test_the_retry_of_an_sdk_is_a_small_number(value: bytes, retry: int) -> None:
    assert attributed({b"x-stainless-retry-count": value}).client_retry == retry


def test_scalar_parameters_are_kept_and_no_text_of_the_prompt() -> None:
    call = attributed(
        body={
            "temperature": 0.5,
            "max_tokens": 64,
            "seed": 2**63,
            "n": -(2**70),
            "reasoning_effort": "high" * 100,
            "top_p": {"x": 1},
            "parallel_tool_calls": False,
            "tools": [{"function": {"name": "secret"}}] * 3,
            "messages": [{"content": "secret"}],
            "stop": "secret",
        }
    )
    assert call.params == {
        "temperature": 0.5,
        "max_tokens": 64,
        "reasoning_effort": ("high" * 100)[:MAX_NAME],
        "parallel_tool_calls": False,
        "tools": 3,
    }


NAMES = st.sampled_from(
    [
        *(b"x-gatewatch-tags", b"x-gatewatch-task", b"x-litellm-tags", b"x-portkey-metadata", b"x-portkey-trace-id"),
        *(b"helicone-user-id", b"helicone-property-\xff", b"user-agent", b"x-stainless-retry-count"),
    ]
)


@given(st.dictionaries(NAMES, st.binary(max_size=40)), st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_whatever_is_claimed_can_be_journalled(headers: dict[bytes, bytes], metadata: dict[str, str]) -> None:
    call = attributed(headers, {"metadata": metadata, "user": "u"})
    assert json.loads(line("open", call))["call_id"] == "c"
