"""The console: what an on-call operator sees of a running gateway.

It never shares a process with the gateway: it asks the control process through `LedgerReader` and for its live state.
Textual is imported by `run` only, so that `text_overview` and the command line stay quick.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewatch.paths import Home
    from gatewatch.remote_gateway import RemoteGateway


def run(
    gateway: "Home | RemoteGateway", *, read_only: bool = False, link: str | None = None, banner: str | None = None
) -> int:
    """Open the console on a home's gateway, or another machine's. Returns the exit code; 128 + n when signal n ended.

    `link` is where to begin (`:calls team=search`), `banner` a line that stays on top. Raises UsageError for a link
    that leads nowhere.
    """
    from app.console.app import ConsoleApp
    from app.console.links import Link
    from app.console.source import Attached

    begin = Link.parse(link) if link else None
    app = ConsoleApp(Attached(gateway), begin=begin, read_only=read_only, banner=banner)
    app.run()
    return app.return_code or 0
