"""Every secret that a gateway holds, searched for in everything that it leaves behind or says.

A real gateway with two workers; providers that break in every way the sandbox knows and that repeat the key they were
sent; callers and operators who put secrets where they do not belong; a worker that crashes. Then every file, log,
reply, screen, command's output and process is searched, in every form that text is given.
"""

import http.client
import http.server
import itertools
import json
import os
import pty
import select
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.control_client import ControlClient
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.own_entries import NEEDED, new_secret
from proxy.sandbox.faults import FAULTS
from tests.conformance.sdk.providers import PROVIDERS
from tests.kit.canaries import Canaries, Leak, forms
from tests.kit.certificates import certificate
from tests.kit.parrot import KEY_HEADERS, WAYS, Parrot, parrot
from tests.kit.running import ROOT, gateway, sandbox
from tests.kit.waiting import until

PASSPHRASE = 'canary passphrase "of" the vault/ü with\\everything 4f1c9a7e'
PROMPT = "canary prompt: where is Zarathustra's ledger, §42?"

ABOUT_THE_KEY = ("402", "403", "401")
"""They send a key into quarantine, so each has a provider of its own."""


class Scene:
    """One gateway and all that was said by it and around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "account" / "gatewatch")
        self.config = folder / "account" / "gatewatch.yaml"
        self.log = folder / "account" / "gateway.log"
        (folder / "account" / "tmp").mkdir(parents=True)
        self.canaries = Canaries()
        self.leaks: list[Leak] = []
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWATCH")} | {
            "GATEWATCH_HOME": str(self.home.root),
            "HOME": str(folder / "account"),
            "TMPDIR": str(folder / "account" / "tmp"),
            "XDG_RUNTIME_DIR": str(folder / "account" / "tmp"),
            "PYTHONPATH": str(ROOT),
            "PYTHONFAULTHANDLER": "1",
            "TERM": "xterm-256color",
            "COLUMNS": "200",
        }
        self.port = 0
        self.pids: dict[str, int] = {}
        self.said = 0
        """Bytes that were searched."""

    def secret(self, name: str, secret: str | bytes) -> str | bytes:
        self.canaries.add(name, secret)
        return secret

    def provider_key(self, name: str) -> str:
        """Printable ASCII of no known shape, with what JSON and URLs escape."""
        key = f'{name}="kept"&secret/+%41~{os.urandom(9).hex()}'.replace("-", "_")
        self.canaries.add(f"the key of {name}", key)
        return key

    def key_of_ours(self, name: str, token: str) -> str:
        """Of a virtual key the secret part: the rest is public."""
        self.canaries.add(f"the virtual key {name}", token[-49:-6])
        return token

    def search(self, content: bytes, where: str, *allowed: str) -> None:
        self.said += len(content)
        self.leaks += self.canaries.leaks(content, where, allowed=frozenset(allowed))

    # commands

    def commands(
        self, steps: list[tuple[list[str], str]], *allowed: str, passphrase: str | None = PASSPHRASE
    ) -> list[Any]:
        """Each with what is piped to it, in one process of their own; (exit code, stdout, stderr) of each."""
        fds = [] if passphrase is None else [_pipe_with(passphrase)]
        environment = self.environment | ({"GATEWATCH_PASSPHRASE_FD": str(fds[0])} if fds else {})
        try:
            done = subprocess.run(
                [sys.executable, "-c", RUN],
                env=environment, pass_fds=fds, input=json.dumps(steps), capture_output=True, text=True, timeout=300,
            )  # fmt: skip
        finally:
            for fd in fds:
                os.close(fd)
        assert done.returncode == 0, done.stderr[-3000:]
        self.search(done.stderr.encode(), "stderr around commands", *allowed)
        answers = json.loads(done.stdout)
        for (argv, _), (code, out, err) in zip(steps, answers, strict=True):
            named = " ".join(["gatewatch", *argv[:3]])
            self.search(out.encode(), f"stdout of {named}", *allowed)
            self.search(err.encode(), f"stderr of {named}", *allowed)
            assert "Traceback" not in err, f"{named} ({code}): {err[-3000:]}"
        return answers

    def made(self, *argv: str) -> Any:
        """The JSON of a command that shows a new secret, once: that it may."""
        ((code, out, err),) = self.commands([([*argv, "-o", "json"], "")], *self.canaries.names)
        assert code == 0, err
        return json.loads(out)

    # calls

    def call(self, path: str, key: str, body: Any = None, *, method: str = "POST", **headers: str) -> tuple[int, bytes]:
        """Status and body; the whole reply is searched. A caller's own prompt may come back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"authorization": f"Bearer {key}"} if key else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        with closing(connection):
            try:
                connection.request(method, path, data, given | {"content-type": "application/json"})
                reply = connection.getresponse()
                head = str(reply.headers).encode()
                try:
                    content = reply.read()
                except http.client.IncompleteRead as cut:
                    content = cut.partial
            except (OSError, http.client.HTTPException) as error:
                self.search(str(error).encode(), f"the error of {path}")
                return 0, b""
        self.search(head + content, f"the reply to {path} {data[:80]!r}", "the prompt")
        return reply.status, content

    # what runs

    def look_at_processes(self) -> None:
        for name, pid in self.pids.items():
            allowed = ("the key of fromenv",) if name == "control" else ()
            for file in ("environ", "cmdline", "comm", "status"):
                self.search(Path(f"/proc/{pid}/{file}").read_bytes(), f"/proc of {name}: {file}", *allowed)


RUN = """
import contextlib, io, json, sys, traceback
from app.cli.main import main
answers = []
for argv, stdin in json.load(sys.stdin):
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
    raw = io.BytesIO()
    out, err = io.TextIOWrapper(raw, encoding="utf-8", write_through=True), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(argv)
        except SystemExit as stopped:
            code = stopped.code
        except BaseException:
            code = -1
            traceback.print_exc()
    answers.append([code, raw.getvalue().decode(), err.getvalue()])
json.dump(answers, sys.stdout)
"""


def _pipe_with(text: str) -> int:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.secret("the passphrase", PASSPHRASE)
    made.secret("the prompt", PROMPT)
    return made


# the parts of the play


def providers(scene: Scene, good: str, bird: Parrot, broken_tls: str) -> tuple[str, dict[str, str]]:
    """The configuration, and what goes into the vault."""
    keys: dict[str, str] = {}
    lines: list[str] = []

    def provider(name: str, dialect: str, base: str, reference: str = "", **more: str) -> None:
        if not reference:
            keys[name] = scene.provider_key(name)
        options = "".join(f", {option}: {value}" for option, value in more.items())
        lines.append(
            f'  {name}: {{dialect: {dialect}, base_url: "{base}", api_key: "{reference or f"vault:{name}"}",'
            f" allow_private: true{options}}}"
        )

    for each in PROVIDERS:
        provider(each.name, each.dialect, good + each.base)
        for way in ("", *ABOUT_THE_KEY):
            provider(f"parrot-{each.name}{way and '-' + way}", each.dialect, bird.address + each.base)
            if way:
                provider(f"{each.name}-{way}", each.dialect, good + each.base)
    provider("header", "openai-chat", f"{bird.address}/v1", key_header="x-parrot-key")
    provider("tls", "openai-chat", f"{broken_tls}/v1")
    scene.environment["A_PROVIDERS_KEY"] = scene.provider_key("fromenv")
    provider("fromenv", "openai-chat", f"{bird.address}/v1", "env:A_PROVIDERS_KEY")
    file = scene.folder / "a-providers.key"
    file.write_text(scene.provider_key("fromfile"))
    file.chmod(0o600)
    provider("fromfile", "openai-chat", f"{bird.address}/v1", f"file:{file}")
    models = (
        "models:\n"
        "  chat: {targets: [chat/gpt-4o-mini]}\n"
        "  twice: {targets: [parrot-chat/parrot-500, parrot-messages/parrot-503, chat/gpt-4o-mini]}\n"
    )
    rest = (
        "vault: file\n"
        "deadlines: {connect: 1s, first_byte: 400ms, idle: 400ms, total: 4s}\n"
        "caps: {body: 256KiB, reply: 2MiB, sse_line: 256KiB}\n"
    )
    return f"{rest}providers:\n" + "\n".join(lines) + f"\n{models}", keys


def calls_of(names: list[str], models: list[str], *, stream: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """In each caller's language, to each model of each provider."""
    says = [{"role": "user", "content": PROMPT}]
    for name, model in itertools.product(names, models):
        target = f"{name}/{model}"
        yield "/v1/chat/completions", {"model": target, "messages": says, "stream": stream}
        yield "/v1/messages", {"model": target, "messages": says, "max_tokens": 20, "stream": stream}
        yield "/v1/responses", {"model": target, "input": PROMPT, "stream": stream}


def traffic(scene: Scene, key: str) -> None:
    """Good calls, every fault of the sandbox, every way of the parrot."""
    slow = {"huge", "gzip-bomb", "long-line", "drip", "many-events"}
    faults = [f"fault-{name}" for name in FAULTS if name not in {*ABOUT_THE_KEY, *slow}]
    ways = [f"parrot-{way}" for way in WAYS if way not in ABOUT_THE_KEY]
    names = [each.name for each in PROVIDERS]
    parrots = [f"parrot-{name}" for name in names]
    asked = [
        *((path, body) for each in PROVIDERS for path, body in calls_of([each.name], [each.plain], stream=False)),
        *((path, body) for each in PROVIDERS for path, body in calls_of([each.name], [each.plain], stream=True)),
        *itertools.islice(calls_of(names, faults, stream=False), 0, None, 3),
        *itertools.islice(calls_of(names, faults, stream=True), 1, None, 3),
        *itertools.islice(calls_of(parrots, ways, stream=False), 0, None, 2),
        *itertools.islice(calls_of(parrots, ways, stream=True), 1, None, 2),
        *calls_of(["header", "fromenv", "fromfile"], ["parrot-400", "parrot-500"], stream=False),
        *calls_of(["tls"], ["gpt-4o-mini"], stream=False),
        *(("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": PROMPT}]})
          for model in ("chat", "twice")),
    ]  # fmt: skip
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: scene.call(each[0], key, each[1]), asked))
        for way in ABOUT_THE_KEY:
            refused = calls_of([f"{name}-{way}" for name in names], [f"fault-{way}"], stream=False)
            repeated = calls_of([f"{name}-{way}" for name in parrots], [f"parrot-{way}"], stream=False)
            list(pool.map(lambda each: scene.call(each[0], key, each[1]), [*refused, *repeated]))


def faulty_callers(scene: Scene, key: str, others: list[str]) -> None:
    """Keys and prompts where they do not belong."""
    says = [{"role": "user", "content": PROMPT}]
    good = {"model": "chat", "messages": says}
    typo = key[:-1] + ("A" if key[-1] != "A" else "B")
    for other in (typo, key[:40], key + "x", *others, "no key at all", "Bearer " + key):
        scene.call("/v1/chat/completions", other, good)
    for header in KEY_HEADERS[1:4]:
        scene.call("/v1/chat/completions", key, good, **{header.replace("-", "_"): others[0]})
    for path in (f"/v1/models?key={key}", f"/v1/models/{key}", f"/v1/chat/completions?api_key={key}", f"/{key}"):
        scene.call(path, key, method="GET")
        scene.call(path, "", good)
    for field in ("model", "user", "safety_identifier", "prompt_cache_key", "service_tier", "stop", key):
        scene.call("/v1/chat/completions", key, good | {field: key})
    scene.call("/v1/chat/completions", key, good | {"metadata": {"user": key, key: "x", "feature": key}})
    for header in ("x-gatewatch-tags", "x-gatewatch-task", "user-agent", "x-request-id", "idempotency-key", "host",
                   "x-gatewatch-user", "traceparent", "origin", "x-forwarded-for", "x-litellm-tags"):  # fmt: skip
        for said in (key, json.dumps({"user": key, "feature": key, "anything": key})):
            scene.call("/v1/chat/completions", key, good, **{header.replace("-", "_"): said})
    for body in (
        f'{{"model": "chat", "messages": "{key}"'.encode(),
        PROMPT.encode(),
        json.dumps(key).encode(),
        b"\xff" + key.encode(),
    ):
        scene.call("/v1/chat/completions", key, body)
    scene.call("/v1/chat/completions", key, {"model": "chat", "messages": [{"role": key, "content": PROMPT}]})
    scene.call(
        "/v1/chat/completions", key, {"model": "chat", "messages": [{"role": "user", "content": [{"type": PROMPT}]}]}
    )
    with closing(http.client.HTTPConnection("127.0.0.1", scene.port, timeout=10)) as connection:
        connection.connect()
        connection.sock.sendall(f"GET /{key} HTTP/9.9\r\nAuthorization: {key}\x01\r\n\r\n".encode())
        with suppress(OSError):
            scene.search(connection.sock.recv(65536), "the reply to a request that is none")


async def crash_the_workers(scene: Scene, key: str) -> None:
    """In the middle of a call, with Python's own report of it in the log; others take their place."""
    body = {"model": "chat/crash-now", "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    asked = {"body": body, "x_sandbox_fault": "stall"}
    caller = threading.Thread(target=scene.call, args=("/v1/chat/completions", key), kwargs=asked)
    caller.start()
    journal = scene.home.journal
    await until(lambda: any(b"crash-now" in path.read_bytes() for path in journal.glob("*.jsonl")), bool)
    crashed = {pid for name, pid in scene.pids.items() if name != "control"}
    for pid in crashed:
        os.kill(pid, signal.SIGABRT)
    caller.join()
    await until(lambda: set(_workers(scene)), lambda pids: len(pids - crashed) == 2)


def faulty_operators(scene: Scene, secrets: list[str]) -> None:
    """Secrets as arguments, as names and as fields of the control API."""
    steps: list[tuple[list[str], str]] = []
    for secret in secrets:
        steps += [
            (["keys", "create", secret, "--team", "search"], ""),
            (["keys", "create", "x", "--team", secret, "--create-team"], ""),
            (["keys", "create", "x", "--team", "search", "--models", secret], ""),
            (["keys", "show", secret], ""),
            (["keys", "revoke", secret[:40], "--yes"], ""),
            (["keys", "rotate", secret, "--yes", "--rotation-id", secret], ""),
            (["keys", "identify"], f"found this: {secret}"),
            (["keys", "identify", secret], ""),
            (["providers", "set-key", secret], "x" * 20),
            (["providers", "set-key", "x", secret], ""),
            (["providers", "test", secret], ""),
            (["providers", "vault", "--use", secret], ""),
            (["providers", "vault", "--vault", secret], ""),
            (["providers", "rotate-key", secret, "--yes"], ""),
            (["roles", "set", secret, "admin"], ""),
            (["show", secret], ""),
            (["show", "calls", "--where", f"team={secret}"], ""),
            (["show", "calls", "--where", secret], ""),
            (["explain", secret], ""),
            (["doctor", "--passphrase-fd", secret], ""),
            ([secret], ""),
        ]
    scene.commands(steps)
    with ControlClient(scene.home.socket) as control:
        for secret in secrets:
            for name, asked in (
                ("keys.create", {"name": secret, "team": secret}),
                ("keys.revoke", {"key": secret}),
                ("keys.rotate", {"key": secret, "secret": secret}),
                (secret, {}),
                ("vault.show", {secret: secret}),
            ):
                try:
                    told = json.dumps(control.request("POST", f"/v1/actions/{name}", asked))
                except (GatewatchError, ValueError, http.client.HTTPException) as error:
                    told = str(error)
                if not told.isascii() or name != secret:
                    scene.search(told.encode(), f"what the control API says of {name[:20]}")


async def broken_configurations(scene: Scene, config: str, secret: str) -> None:
    """A key in every place of the file that has room for one, checked by the command and by the gateway that runs."""
    quoted, url = json.dumps(secret), json.dumps(f"https://u:{secret}@x.example")
    broken = {
        "the key": f"providers: {{openai: {{preset: openai, api_key: {quoted}}}}}",
        "a vault's name": f"providers: {{openai: {{preset: openai, api_key: {json.dumps('vault:' + secret)}}}}}",
        "a header": f"providers: {{openai: {{preset: openai, headers: {{authorization: {quoted}}}}}}}",
        "a query": f"providers: {{openai: {{preset: openai, query: {json.dumps('key=' + secret)}}}}}",
        "a URL": f"providers: {{openai: {{preset: openai, base_url: {url}}}}}",
        "a store": f"stores: {{limits: {json.dumps('redis://u:' + secret + '@localhost')}}}",
        "a vault's options": f"vault_options: {{token: {quoted}}}",
    }
    with ControlClient(scene.home.socket) as control:
        for where, text in broken.items():
            scene.config.write_text(text + "\n")
            scene.commands([(["config", "check", "--config", str(scene.config)], "")], "the prompt")
            live = await until(control.live, _is_alarmed)
            scene.search(json.dumps(live).encode(), f"/v1/live with a key in {where}")
            scene.config.write_text(config)
            await until(control.live, lambda live: not _is_alarmed(live))


def _is_alarmed(live: dict[str, Any]) -> bool:
    return any(alarm["id"] in ("config", "restart") for alarm in live["alarms"])


def outputs(scene: Scene) -> None:
    """Everything that tells of the gateway."""
    tried = ("chat", "parrot-chat", "parrot-messages", "parrot-gemini", "tls", "fromenv", "header")
    views = ("overview", "series", "calls", "latency", "spend", "errors", "cache", "keys", "teams", "audit")
    steps: list[tuple[list[str], str]] = [
        (["show", view, "-o", form], "") for view in views for form in ("table", "json", "csv")
    ]
    steps += [
        (argv, "")
        for argv in (
            *(["providers", action, name] for name in tried for action in ("show", "test")),
            ["providers", "list"], ["providers", "list", "-o", "json"], ["providers", "rotations"],
            ["providers", "vault"], ["providers", "vault", "-o", "json"],
            ["keys", "list", "-o", "json"], ["keys", "show", "app"], ["keys", "export"],
            ["teams", "list"], ["roles", "list"],
            ["audit", "list", "-o", "json"], ["audit", "verify"],
            *(["audit", "export", "--as", form] for form in ("jsonl", "cef", "ocsf")),
            ["config", "check", "--config", str(scene.config)], ["config", "show", "--config", str(scene.config)],
            ["doctor"], ["doctor", "-o", "json"], ["ledger", "check"],
            ["ledger", "snapshot", str(scene.folder / "account" / "snapshot.duckdb")],
        )
    ]  # fmt: skip
    scene.commands(steps)
    ((_, out, _),) = scene.commands([(["show", "calls", "-o", "json", "--limit", "1000"], "")])
    seen: dict[str, str] = {}
    for row in json.loads(out):
        seen.setdefault(f"{row['error_kind']} {row['provider']}", row["call_id"])
    assert len(seen) > 40, "there was little to see"
    scene.commands([(["explain", call_id, "-o", "json"], "") for call_id in seen.values()])
    with ControlClient(scene.home.socket) as control:
        scene.search(json.dumps(control.live()).encode(), "/v1/live")


def console(scene: Scene) -> None:
    """The console on a real terminal, until it has drawn something, then `q`."""
    pid, terminal = pty.fork()
    if pid == 0:
        argv = [sys.executable, "-m", "gatewatch", "console", "--read-only"]
        os.execve(sys.executable, argv, scene.environment)
    screen = b""
    ends, pressed = time.monotonic() + 20, False
    while time.monotonic() < ends:
        if not select.select([terminal], [], [], 0.2)[0]:
            if len(screen) > 5000 and not pressed:
                os.write(terminal, b"q")
                pressed = True
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        screen += part
    os.close(terminal)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    assert len(screen) > 2000, screen[-500:]
    scene.search(screen, "the console")


def stopped(scene: Scene) -> None:
    """Commands without a gateway, on a vault that opens, and on one that does not."""
    vault = scene.home.vault
    scene.commands([(["providers", "list"], ""), (["doctor"], ""), (["providers", "vault"], "")])
    scene.commands(
        [(["providers", "vault"], ""), (["doctor"], ""), (["serve", "--port", "0"], "")],
        passphrase="wrong " + PASSPHRASE[:-3],
    )
    whole = vault.read_bytes()
    vault.write_bytes(whole[:-3])
    scene.commands([(["providers", "vault"], ""), (["doctor"], ""), (["serve", "--port", "0"], "")])
    vault.write_bytes(whole)


@contextmanager
def opened_vault(scene: Scene) -> Iterator[Vault]:
    with ControlStore.open(scene.home.control) as store:
        yield open_vault(scene.home, store, Wish(passphrase_fd=_pipe_with(PASSPHRASE)))


def start(scene: Scene) -> "subprocess.Popen[bytes]":
    reader = _pipe_with(PASSPHRASE)
    argv = ["serve", "--config", str(scene.config), "--port", "0", "--workers", "2", "--passphrase-fd", str(reader)]
    with scene.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gatewatch", *argv],
            env=scene.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            pass_fds=[reader], cwd=ROOT,
        )  # fmt: skip
    os.close(reader)
    assert process.stdout
    line = process.stdout.readline()
    scene.search(line, "the ready line")
    assert line, scene.log.read_text()[-3000:]
    ready = json.loads(line)
    scene.port = int(ready["listen"].rpartition(":")[2])
    scene.pids = {"control": ready["pid"]} | {f"worker {n}": pid for n, pid in enumerate(ready["workers"])}
    return process


@pytest.mark.long
async def test_no_secret_is_anywhere_but_in_the_sealed_vault(scene: Scene, tmp_path: Path) -> None:
    chain, private = certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    tls = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    tls.socket = context.wrap_socket(tls.socket, server_side=True)
    tls.handle_error = lambda *_: None  # type: ignore[method-assign]  # it is there to be refused
    threading.Thread(target=tls.serve_forever, daemon=True).start()
    with closing(tls.socket), sandbox(tmp_path) as good, parrot() as bird:
        config, keys = providers(scene, good.listen, bird, f"https://127.0.0.1:{tls.server_address[1]}")
        scene.config.write_text(config)
        scene.commands([(["providers", "set-key", name], key) for name, key in keys.items()])
        own = {name: new_secret() for name in NEEDED}
        with opened_vault(scene) as vault:
            for name, secret in own.items():
                vault.set(name, secret)
                scene.secret(name, secret)
                scene.secret(f"{name} as bytes", bytes.fromhex(secret))
        process = start(scene)
        try:
            app = scene.key_of_ours(
                "app", scene.made("keys", "create", "app", "--team", "search", "--create-team")["secret"]
            )
            admin = scene.made("keys", "create", "boss", "--team", "search", "--kind", "admin")["secret"]
            scene.key_of_ours("boss", admin)
            old = scene.key_of_ours("old", scene.made("keys", "create", "turned", "--team", "search")["secret"])
            new = scene.key_of_ours("new", scene.made("keys", "rotate", "turned", "--grace", "10m", "--yes")["secret"])
            gone = scene.key_of_ours("gone", scene.made("keys", "create", "gone", "--team", "search")["secret"])
            loose = scene.key_of_ours("loose", scene.made("keys", "create", "loose", "--team", "search")["secret"])
            scene.commands([(["keys", "revoke", "gone", "--yes"], "")])
            scene.look_at_processes()
            traffic(scene, app)
            assert bird.keys >= {key for name, key in keys.items() if name.startswith(("parrot", "header"))}
            scene.call(
                "/v1/chat/completions",
                old,
                {"model": "chat", "messages": [{"role": "user", "content": f"{loose} {PROMPT}"}]},
            )
            faulty_callers(scene, loose, [app, new, gone, admin])
            await crash_the_workers(scene, app)
            faulty_operators(scene, [app, new, admin, "sk-proj-" + app[-49:-6]])
            await broken_configurations(scene, config, keys["chat"])
            outputs(scene)
            console(scene)
            scene.pids = {"control": process.pid} | {f"worker {n}": pid for n, pid in enumerate(_workers(scene))}
            scene.look_at_processes()
        finally:
            process.terminate()
            code = process.wait(60)
            assert process.stdout
            process.stdout.close()
            tls.shutdown()
        assert code == 0
        stopped(scene)
    with opened_vault(scene) as vault:
        assert {name: vault.get(name) for name in keys} == keys
        assert {name: vault.get(name) for name in NEEDED} == own, "they are still those that were searched for"
    log = scene.log.read_text()
    assert "Fatal Python error: Aborted" in log, "the crash was to be seen"
    scene.leaks += scene.canaries.in_folder(scene.folder / "account")
    assert scene.said > 1_000_000
    assert not scene.leaks, "\n".join(sorted({str(leak) for leak in scene.leaks})[:60])


async def test_secrets_that_a_container_is_given_are_seen_in_none_of_its_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries = Canaries()
    given = {
        "GATEWATCH_SECRET_OPENAI": "a-key-of-no-known-shape",
        "GATEWATCH_SECRET_UNUSED": "and-another-that-is-unused",
    }
    given |= {"GATEWATCH_OWN_PEPPER": new_secret(), "GATEWATCH_OWN_AUDIT_KEY": new_secret()}
    for name, secret in given.items():
        canaries.add(name, secret)
        monkeypatch.setenv(name, secret)
    config = "vault: env\nproviders: {openai: {preset: openai, api_key: vault:openai}}\n"
    with gateway(tmp_path, config, "--workers", "2") as running:
        for name in given:
            monkeypatch.delenv(name)
        token = running.key("app")  # the gateway that runs has the pepper, this command has not
        canaries.add("the virtual key", token[-49:-6])
        ready = running.running.ready
        for pid in (ready["pid"], *ready["workers"]):
            for file in ("environ", "cmdline"):
                assert canaries.leaks(Path(f"/proc/{pid}/{file}").read_bytes(), f"{file} of {pid}") == []
    assert canaries.in_folder(tmp_path) == []


def _workers(scene: Scene) -> list[int]:
    with ControlClient(scene.home.socket) as control:
        return [worker["pid"] for worker in control.live()["workers"]]


# that the search would find it


@pytest.mark.parametrize("form", [name for name, _ in forms('canary /ü"\\ of the search 0123456789')])
def test_a_secret_is_found_in_every_form(form: str, tmp_path: Path) -> None:
    canaries = Canaries()
    secret = 'canary /ü"\\ of the search 0123456789'
    canaries.add("one", secret)
    canaries.add("another", "something else altogether")
    shape = dict(forms(secret))[form]
    (tmp_path / "file").write_bytes(b"before" + shape + b"behind")
    (leak,) = canaries.in_folder(tmp_path)
    assert (leak.canary, leak.where) == ("one", "file")
    assert canaries.leaks(shape[:-1], "cut") == []


def test_a_secret_in_a_database_and_in_a_packed_file_is_found(tmp_path: Path) -> None:
    import duckdb
    import zstandard

    secret = "canary-of-the-search-0123456789"
    canaries = Canaries()
    canaries.add("one", secret)
    with sqlite3.connect(tmp_path / "control.db") as database:
        database.execute("CREATE TABLE notes (text TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", (f"it is {secret}",))
    database.close()
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as ledger:
        ledger.execute("CREATE TABLE calls AS SELECT 'sk-' || ? || range AS message FROM range(20000)", [secret])
    (tmp_path / "segment.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(f'{{"key": "{secret}"}}'.encode()))
    found = {leak.where for leak in canaries.in_folder(tmp_path)}
    assert {"control.db as a database", "ledger.duckdb as a database", "segment.jsonl.zst unpacked"} <= found
