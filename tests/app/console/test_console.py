"""The way into the console."""

from pathlib import Path

import pytest

from app.console import run
from gatewatch.errors import UsageError
from gatewatch.paths import Home


def test_a_link_that_leads_nowhere_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean :calls"):
        run(Home(tmp_path), link=":cals")
