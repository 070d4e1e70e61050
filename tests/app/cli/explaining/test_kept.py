"""What is kept of a call's contents is told where it is told of the request."""

from app.cli.explaining.kept import bodies, shape
from tests.app.cli.explaining.conftest import MakeRow


def test_the_shape_of_a_refused_request_is_told_line_by_line(row: MakeRow) -> None:
    kept = {"model": "gpt-4o", "messages": {"[0]": {"role": "user", "content": "text(812)"}}, "n": 3, "stream": True,
            "stop": None, "tools": []}  # fmt: skip
    assert list(shape(row(request_shape=kept))) == [
        "  its shape, kept as it was answered with a 400:",
        "    model: gpt-4o",
        "    messages",
        "      [0]",
        "        role: user",
        "        content: text(812)",
        "    n: 3",
        "    stream: true",
        "    stop: null",
        "    tools: []",
    ]
    assert list(shape(row())) == []


def test_a_long_shape_is_cut_and_nothing_of_it_is_a_terminals(row: MakeRow) -> None:
    told = list(shape(row(request_shape={f"\x1b[2J{n}": n for n in range(70)})))
    assert told[-1] == "    and 10 lines more: -o json has all"
    assert not any("\x1b" in line for line in told)


def test_kept_bodies_are_named_with_the_command_that_reads_them(row: MakeRow) -> None:
    told = list(bodies(row(), [{"kind": "request", "size": 812}, {"kind": "reply", "size": 90}]))
    assert told == [
        "  kept, without secrets: request of 812 bytes, reply of 90 bytes",
        "  $ gatewatch bodies show 019ab2f4-7c3e-7a10-8b2f-000000000001",
    ]
    assert list(bodies(row(), [])) == []
