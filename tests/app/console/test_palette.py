"""The palette: places by their links."""

from collections.abc import AsyncIterator
from pathlib import Path

from textual.command import DiscoveryHit, Hit

from app.console.palette import LinkProvider
from tests.kit.console_stage import Stage, busy, console


async def hits(stage: Stage, query: str) -> list[Hit | DiscoveryHit]:
    provider = LinkProvider(stage.app.screen)
    found: AsyncIterator[Hit | DiscoveryHit] = provider.search(query) if query else provider.discover()
    return [hit async for hit in found]


async def test_it_offers_the_places(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        assert [hit.text for hit in await hits(stage, "")] == [":overview", ":calls", ":routes"]


async def test_a_link_leads_there(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        (hit,) = await hits(stage, ":calls  team=search")
        assert hit.text == ":calls team=search"
        hit.command()
        await stage.settle()
        assert "Calls › team=search" in stage.text()


async def test_a_mistake_is_said_and_leads_nowhere(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        (hit,) = await hits(stage, ":calls taem=search")
        assert "did you mean team?" in str(hit.prompt)
        hit.command()
        await stage.settle()
        assert "Overview" in stage.text()


async def test_what_is_no_link_is_left_to_the_actions(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        assert await hits(stage, "calls") == []


async def test_every_action_of_the_screen_is_there(tmp_path: Path) -> None:
    async with console(busy(tmp_path), begin=":calls") as stage:
        titles = [command.title for command in stage.app.get_system_commands(stage.app.screen)]
        assert "Filter the list: team=search status>=400" in titles
        assert "Leave the console" in titles
        assert "Next window: 5 min, 15 min, 1 h, 6 h, 24 h, 7 d" not in titles
