"""A team's word on leaked keys goes before everybody's, mark by mark."""

from gatewatch.config.leak_policy import reactions_of
from gatewatch.config.models import Config
from gatewatch.keys.leaks import Reactions


def test_a_team_has_its_own_word_where_it_says_one_and_everybodys_else() -> None:
    config = Config.model_validate(
        {
            "leaks": {"browser": "refuse", "in_prompt": "revoke", "learn": "1d"},
            "teams": {"search": {"leaks": {"in_prompt": "off"}}, "chat": {}},
        }
    )
    day = 86_400_000_000
    everybodys = Reactions(browser="refuse", new_network="alert", in_prompt="revoke", learn_us=day)
    for team in (None, "chat", "nobody that the file names"):
        assert reactions_of(config, team) == everybodys
    assert reactions_of(config, "search") == Reactions(
        browser="refuse", new_network="alert", in_prompt="off", learn_us=day
    )
