"""No line of a story is wider than a terminal of 80 columns, but for a command that is to be copied."""

from app.cli.explaining.lines import field, fields, folded


def test_wide_lines_go_on_indented() -> None:
    told = list(folded(["  " + "word " * 40, "short"]))
    assert all(len(line) <= 80 for line in told)
    assert told[1].startswith("    word")
    assert told[-1] == "short"
    assert " ".join(" ".join(told).split()) == " ".join(["word"] * 40 + ["short"])


def test_a_command_stays_whole() -> None:
    command = "  $ gatewatch budgets grant " + "x" * 90
    assert list(folded([command])) == [command]


def test_names_without_a_value_are_left_out() -> None:
    call = {"team": "search", "user": None, "stream": False, "client_retry": 0, "key_name": ""}
    assert list(fields(call, call)) == ["  team             search"]


def test_names_and_values_are_harmless() -> None:
    assert "\x1b" not in field("\x1b[2J", "\x1b[2J")
