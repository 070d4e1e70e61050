import json
from pathlib import Path

from benchmarks import nginx


def test_the_completion_is_whole_json_of_about_1200_bytes_with_usage() -> None:
    assert 1100 < len(nginx.COMPLETION) < 1300
    assert json.loads(nginx.COMPLETION)["usage"]["total_tokens"] == 350
    assert not set("'$\\") & set(nginx.COMPLETION)  # nginx would read them as its own


def test_the_candidate_is_one_worker_that_keeps_upstream_connections_and_buffers_nothing(tmp_path: Path) -> None:
    text = nginx.passing_on(tmp_path, 1, 2, 3)
    for said in ("worker_processes 1;", "keepalive 256;", "proxy_buffering off;", "127.0.0.1:2;", "127.0.0.1:3;"):
        assert said in text
    assert text.count("{") == text.count("}")
