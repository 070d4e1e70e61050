"""Options that all commands share mean the same everywhere."""

import argparse

import pytest

from app.cli.command import add_home, add_output


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_home(made)
    add_output(made)
    return made


def test_left_out_they_leave_the_choice_to_the_defaults() -> None:
    args = parser().parse_args([])
    assert (args.home, args.config, args.output) == (None, None, "table")


def test_home_configuration_and_output_are_chosen() -> None:
    args = parser().parse_args(["--home", "here", "--config", "a.yaml", "-o", "json"])
    assert (args.home, args.config, args.output) == ("here", "a.yaml", "json")


def test_an_unknown_output_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as exit_:
        parser().parse_args(["-o", "xlsx"])
    assert exit_.value.code == 2


def test_a_command_may_offer_other_outputs() -> None:
    made = argparse.ArgumentParser()
    add_output(made, "json", "csv")
    assert made.parse_args([]).output == "json"
