import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import NONE, Call, Citation, Demands, read


def test_no_header_demands_nothing() -> None:
    assert read({}) is NONE


def test_headers_are_read_by_their_names() -> None:
    asked = {"latency-ms": "1.5", "chunk-gap-ms": "20", "chunks": "64", "fault": "fault-429", "usage": '{"a":1}'}
    assert read(asked) == Demands(latency_ms=1.5, chunk_gap_ms=20, chunks=64, fault="fault-429", usage='{"a":1}')


def test_what_is_said_is_json() -> None:
    asked = {
        "text": '"Gr\\u00fcn"',
        "thinking": '"Hm."',
        "calls": '[{"name":"f","arguments":{"n":1}},{"name":"g"},{"name":"h","arguments":"any text"}]',
        "citations": '[{"url":"https://example.com","quote":"q"}]',
        "finish": "pause",
        "stop-sequence": '"\\n"',
    }
    assert read(asked) == Demands(
        text="Grün",
        thinking="Hm.",
        calls=(Call("f", {"n": 1}), Call("g"), Call("h", "any text")),
        citations=(Citation("https://example.com", quote="q"),),
        finish="pause",
        stop_sequence="\n",
    )


@pytest.mark.parametrize(
    "controls",
    [
        {"latency": "1"},
        {"without-usage": "true"},
        {"chunks": "0"},
        {"chunks": "many"},
        {"latency-ms": "-1"},
        {"latency-ms": "nan"},
        {"usage": "{"},
        {"usage": "[]"},
        {"text": "no JSON string"},
        {"bytes": "-5"},
        {"thinking": "no JSON string"},
        {"stop-sequence": "{}"},
        {"calls": '{"name":"f"}'},
        {"calls": '[{"arguments":{}}]'},
        {"calls": '[{"name":"f","colour":"red"}]'},
        {"calls": "["},
        {"citations": '[{"title":"no address"}]'},
        {"finish": "because"},
    ],
)
def test_a_demand_that_cannot_be_met_is_refused(controls: dict[str, str]) -> None:
    with pytest.raises(ApiError) as caught:
        read(controls)
    assert caught.value.status == 400


def test_a_misspelt_header_is_told_the_right_ones() -> None:
    with pytest.raises(ApiError, match=r"no header x-sandbox-latencyms; it knows .*x-sandbox-latency-ms"):
        read({"latencyms": "1"})
