"""Which version is meant."""

import pytest

from gatewatch.actions.routes.meant import version_of
from gatewatch.control.route_versions import RouteVersion
from gatewatch.errors import NotFound, UsageError

VERSIONS = [
    RouteVersion(route="chat", version=each, first_at=1, since=1, config="c") for each in ("ab12", "ab34", "ab")
]


def test_the_whole_of_it_wins_over_the_beginning_of_others() -> None:
    assert version_of("chat", VERSIONS, "ab").version == "ab"
    assert version_of("chat", VERSIONS, "ab3").version == "ab34"


def test_what_fits_several_or_none_is_refused() -> None:
    with pytest.raises(UsageError, match="2 versions of chat begin with a"):
        version_of("chat", VERSIONS[:2], "a")
    for named in ("", "zz", "%"):
        with pytest.raises(NotFound):
            version_of("chat", VERSIONS, named)
