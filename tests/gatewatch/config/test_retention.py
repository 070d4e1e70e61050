"""How long things are kept is written in whole days."""

import pytest
from pydantic import ValidationError

from gatewatch.config.models import Config
from gatewatch.config.retention import Ledger

DAY = 86_400_000_000


def test_prompts_are_not_kept_and_go_after_two_weeks_where_they_are() -> None:
    ledger = Config().ledger
    assert (ledger.bodies, ledger.retention.bodies, ledger.retention.calls) == ("off", 14 * DAY, None)


@pytest.mark.parametrize("kept", ["23h", "10m", "0d", "for ever", 7])
@pytest.mark.parametrize("kind", ["calls", "bodies", "minutes", "hours", "days", "journal"])
def test_less_than_a_day_is_no_retention(kind: str, kept: object) -> None:
    with pytest.raises(ValidationError):
        Ledger.model_validate({"retention": {kind: kept}})


@pytest.mark.parametrize(
    ("size", "is_taken"), [("64KiB", True), ("1KiB", True), ("4MiB", True), (1000, False), ("5MiB", False)]
)
def test_a_body_has_a_size(size: object, is_taken: bool) -> None:
    if is_taken:
        assert Ledger.model_validate({"body_size": size}).body_size
        return
    with pytest.raises(ValidationError):
        Ledger.model_validate({"body_size": size})


def test_models_and_teams_say_whether_theirs_are_kept() -> None:
    config = Config.model_validate(
        {"models": {"m": {"targets": ["a/b"], "bodies": "on"}}, "teams": {"t": {"bodies": "off"}, "u": {}}}
    )
    assert (config.models["m"].bodies, config.teams["t"].bodies, config.teams["u"].bodies) == ("on", "off", None)
