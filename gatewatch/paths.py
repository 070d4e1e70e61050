"""Where one gateway keeps its things. `Home` names every file; nobody else joins paths."""

import hashlib
import os
import sys
from pathlib import Path

from gatewatch.errors import NotAllowed

SOCKET_FOLDER_BYTES = 67
"""The longest: a socket's address holds 104 bytes on macOS, and our names take 36 of them and a NUL."""


class Home:
    """The folder of one gateway. Made on first use with mode 0700."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls, given: str | None = None) -> "Home":
        """`--home`, else `GATEWATCH_HOME`, else the platform's data folder."""
        if given or (given := os.environ.get("GATEWATCH_HOME")):
            return cls(Path(given).expanduser().absolute())
        if sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        else:
            base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        return cls(base / "gatewatch")

    def make(self) -> "Home":
        for folder in (self.root, self.journal, self.loaded):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    @property
    def config(self) -> Path:
        return self.root / "gatewatch.yaml"

    @property
    def control(self) -> Path:
        return self.root / "control.db"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.duckdb"

    @property
    def journal(self) -> Path:
        """Segments that workers append to and the recorder loads."""
        return self.root / "journal"

    @property
    def loaded(self) -> Path:
        """Segments that are wholly in the ledger, compressed: what `ledger rebuild` reads."""
        return self.journal / "loaded"

    @property
    def bodies(self) -> Path:
        """Prompts and replies, a folder for each day. Made with the first one."""
        return self.root / "bodies"

    @property
    def deferred(self) -> Path:
        """Deferred calls, with their prompts and replies. Made with the first one."""
        return self.root / "deferred.db"

    @property
    def deferred_lock(self) -> Path:
        """Held (flock) by the one worker that runs deferred calls."""
        return self.root / "deferred.lock"

    @property
    def scratch(self) -> Path:
        """Where the ledger puts what lives for one transaction; the only folder that DuckDB may read and write."""
        return self.root / "scratch"

    @property
    def vault(self) -> Path:
        return self.root / "vault.gw"

    @property
    def vault_key(self) -> Path:
        return self.root / "vault.key"

    @property
    def vault_lock(self) -> Path:
        """Held for as long as a change to the vault takes."""
        return self.root / "vault.lock"

    @property
    def rotation_lock(self) -> Path:
        """Held while a secret is sealed in the vault, or asked for again."""
        return self.root / "rotation.lock"

    @property
    def audit_lock(self) -> Path:
        """Held while the audit trail is sealed."""
        return self.root / "audit.lock"

    @property
    def audit_file(self) -> Path:
        """The second place of the audit trail, where the configuration names no other."""
        return self.root / "audit.jsonl"

    @property
    def audit_anchor(self) -> Path:
        """The trail's anchor, where the vault cannot keep it."""
        return self.root / "audit.anchor"

    @property
    def lock(self) -> Path:
        """Held (flock) by the control process for as long as it lives: one per home, and one owner of the ledger."""
        return self.root / "control.lock"

    @property
    def gateway_log(self) -> Path:
        """What a gateway that a console has started says."""
        return self.root / "gateway.log"

    @property
    def socket(self) -> Path:
        """The control plane's unix socket; short enough for the 104-byte limit of sockaddr_un wherever home is."""
        return self._runtime_folder() / f"gatewatch-{self._hash}.sock"

    @property
    def worker_socket(self) -> Path:
        """Where workers report to the control process."""
        return self._runtime_folder() / f"gatewatch-{self._hash}-workers.sock"

    @property
    def _hash(self) -> str:
        return hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:12]

    @staticmethod
    def _runtime_folder() -> Path:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if 0 < len(runtime) <= SOCKET_FOLDER_BYTES and os.access(runtime, os.W_OK):  # su and cron leave it stale
            return Path(runtime)
        own = f"gatewatch-{os.getuid()}"
        folder = Path(os.environ.get("TMPDIR", "/tmp")) / own  # noqa: S108 - 0700, owner checked
        if len(os.fsencode(folder)) > SOCKET_FOLDER_BYTES:
            folder = Path("/tmp") / own  # noqa: S108 - likewise
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
            raise NotAllowed(
                f"{folder} must belong to this user with mode 0700: its sockets carry control.",
                "Remove it, or set XDG_RUNTIME_DIR to a folder of your own.",
            )
        return folder
