"""What the configuration says of keys that are seen where no key should be: everybody's, and a team's own."""

from gatewatch.config.models import Config, TeamLeaks
from gatewatch.keys.leaks import Reactions


def reactions_of(config: Config, team: str | None = None) -> Reactions:
    """Of a team; None, and a team that the configuration does not name: everybody's."""
    everybodys, known = config.leaks, None if team is None else config.teams.get(team)
    own = TeamLeaks() if known is None else known.leaks
    return Reactions(
        browser=own.browser or everybodys.browser,
        new_network=own.new_network or everybodys.new_network,
        in_prompt=own.in_prompt or everybodys.in_prompt,
        learn_us=everybodys.learn,
    )
