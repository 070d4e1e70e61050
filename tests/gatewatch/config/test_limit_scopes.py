"""What a scope names is looked up in the configuration; teams, keys and users are not its alone."""

import pytest

from gatewatch.config.limit_scopes import unknown
from gatewatch.config.models import Config
from gatewatch.limits.rule import Scope

CONFIG = Config.model_validate({"providers": {"openai": {"preset": "openai", "api_key": "env:A"}}})


@pytest.mark.parametrize(
    ("scope", "name"),
    [("team", "x"), ("project", "x/y"), ("key", "x"), ("user", "x"), ("model", "openai/x"), ("route", "openai/x")],
)
def test_what_is_there_or_somebody_elses_to_know_is_no_problem(scope: Scope, name: str) -> None:
    assert unknown(scope, name, CONFIG, repr) is None


def test_a_key_of_a_provider_is_told_as_it_is_written() -> None:
    providers = {"local": {"preset": "sandbox", "api_key": "none"}}
    found = unknown("provider_key", "local/spare", Config.model_validate({"providers": providers}), repr)
    assert found == ("no key 'local/spare'", "local/none")


def test_a_name_is_repeated_only_as_it_may_be() -> None:
    assert unknown("model", "secret/x", CONFIG, lambda _: "[hidden]") == ("no provider [hidden]", "openai")
    assert unknown("model", "openai", CONFIG, repr) == ("'openai'", "model/PROVIDER/MODEL")
