from gatewatch.config.problems import ConfigError, Lines, Problem, found_text, key_text, nearest


def test_a_key_path_reads_as_it_is_written() -> None:
    assert key_text(("models", "bot", "targets", 0)) == "models.bot.targets[0]"
    assert key_text(()) == ""


def test_the_line_of_a_missing_key_is_that_of_the_mapping_around_it() -> None:
    lines = Lines("gatewatch.yaml", {("providers",): 2, ("providers", "x"): 3})
    assert lines.where(("providers", "x", "api_key")) == "gatewatch.yaml:3"
    assert lines.where(("listen",)) == "gatewatch.yaml"


def test_an_error_lists_every_problem_in_the_order_of_the_file() -> None:
    lines = Lines("gatewatch.yaml", {("b",): 2, ("a",): 7})
    error = ConfigError(
        [Problem(("a",), "'x'", "a number"), Problem(("b",), "an unknown key", "did you mean c?")], lines
    )
    assert str(error) == (
        "gatewatch.yaml has 2 problems\n"
        "  gatewatch.yaml:2: b: found an unknown key; did you mean c?\n"
        "  gatewatch.yaml:7: a: found 'x'; allowed: a number"
    )
    assert error.exit_code == 1


def test_what_may_be_a_secret_is_never_shown() -> None:
    assert "hunter2" not in found_text(("providers", "x", "api_key"), "hunter2")
    assert "hunter2" not in found_text(("providers", "x", "headers", "x-a"), "hunter2")
    assert "sk-proj" not in found_text(("listen",), "sk-proj-0123456789abcdefghij")


def test_what_is_found_is_harmless_on_a_terminal() -> None:
    assert "\x1b" not in found_text(("listen",), "\x1b[2J")
    assert found_text(("listen",), None) == "nothing"
    assert found_text(("listen",), {}) == "a mapping"


def test_the_nearest_name_is_proposed_or_all_of_them() -> None:
    assert nearest("lisen", ["listen", "hosts"]) == "did you mean listen?"
    assert nearest("zzz", ["listen", "hosts"]) == "listen, hosts"
    assert nearest("zzz", []) == "none"
