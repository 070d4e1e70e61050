from benchmarks.load.closed_loop import script
from benchmarks.request import Door


def test_wrk_sends_our_request() -> None:
    door = Door(4000, "/v1/chat/completions", "gpt-4o", "secret")
    lua = script(door)
    assert 'wrk.path = "/v1/chat/completions"' in lua
    assert 'wrk.headers["Authorization"] = "Bearer secret"' in lua
    assert f"[==[{door.body(stream=False)}]==]" in lua
    assert "{{" not in lua
