import json

from benchmarks.request import Door

DOOR = Door(4000, "/v1/chat/completions", "gpt-4o", "secret")


def test_a_request_is_about_900_bytes_and_asks_for_the_doors_model() -> None:
    body = DOOR.body(stream=False)
    assert 800 < len(body) < 1000
    assert json.loads(body)["model"] == "gpt-4o"


def test_only_a_stream_asks_for_one() -> None:
    assert json.loads(DOOR.body(stream=True))["stream"] is True
    assert "stream" not in json.loads(DOOR.body(stream=False))


def test_the_request_states_the_length_of_its_body() -> None:
    head, _, body = DOOR.request(stream=False).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret" in head
    assert b"Content-Length: %d" % len(body) in head
