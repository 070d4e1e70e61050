"""The palette's way to places: what begins with a colon is a deep link."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from app.console.content import plain
from app.console.links import PLACES, Link
from gatewatch.errors import UsageError

if TYPE_CHECKING:
    from app.console.app import ConsoleApp


class LinkProvider(Provider):
    """Offers `:calls team=search` as it is typed, and says what is wrong with it."""

    async def discover(self) -> Hits:
        for place, what in PLACES.items():
            if place != "call":
                yield DiscoveryHit(plain(f":{place}"), partial(self._go, Link(place)), f":{place}", what)

    async def search(self, query: str) -> Hits:
        if not query.startswith(":"):
            return
        try:
            link = Link.parse(query)
        except UsageError as error:
            yield Hit(1.0, plain(f"✗ {error.title}"), lambda: None, query, "not a place yet")
            return
        yield Hit(1.0, plain(str(link)), partial(self._go, link), str(link), PLACES[link.place])

    def _go(self, link: Link) -> None:
        cast("ConsoleApp", self.app).go(link)
