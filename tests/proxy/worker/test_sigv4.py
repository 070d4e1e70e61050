"""Signatures for Bedrock; the judge is the sandbox's verifier, which AWS's own test suite judges."""

import asyncio
import json
import logging
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gatewatch.redact import redact
from proxy.sandbox.bedrock_manners import SECRET_KEY
from proxy.sandbox.bedrock_signature import Refused, Signed, credential, verify
from proxy.worker.renewal import CannotSign
from proxy.worker.sigv4 import LARGE_BODY, SigV4

KEY = f"AKIASANDBOX000000000:{SECRET_KEY}"
HOST = "bedrock-runtime.eu-west-1.amazonaws.com"
PATH = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
BODY = b'{"messages":[]}'


@pytest.fixture(autouse=True)
def no_aws_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


async def signed(signer: SigV4, path: str = PATH, body: bytes = BODY, host: str = HOST) -> dict[str, str]:
    return await signer.headers(f"https://{host}{path}", body)


def check(made: dict[str, str], path: str = PATH, body: bytes = BODY, secret: str = SECRET_KEY) -> str:
    """Its access key. Raises Refused."""
    sent = {"host": HOST, "content-type": "application/json", **made}
    given = credential(made["authorization"].encode())
    now = datetime.strptime(made["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    verify(Signed("POST", path.encode(), headers, body), given, secret, "bedrock", now)
    assert given.region == "eu-west-1"
    return given.access_key


@pytest.mark.parametrize(
    "path",
    [
        PATH,
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0/converse-stream",
        "/openai/v1/chat/completions",
        "/model/a/converse?b=2&a=1",
        "/prefix/of/a/proxy/model/x%20y/converse",
    ],
)
async def test_what_aws_receives_is_what_was_signed(path: str) -> None:
    assert check(await signed(SigV4("eu-west-1", KEY), path), path) == "AKIASANDBOX000000000"


async def test_the_body_is_signed_however_large() -> None:
    for size in (0, 1, LARGE_BODY + 1):
        made = await signed(SigV4("eu-west-1", KEY), body=b"x" * size)
        check(made, body=b"x" * size)
        with pytest.raises(Refused):
            check(made, body=b"x" * size + b"!")


async def test_a_session_token_goes_along_signed() -> None:
    made = await signed(SigV4("eu-west-1", f"ASIASANDBOX000000000:{SECRET_KEY}:a/b:c=="))
    assert made["x-amz-security-token"] == "a/b:c=="
    assert "x-amz-security-token" in made["authorization"]
    assert check(made) == "ASIASANDBOX000000000"
    assert made.keys() == {"authorization", "x-amz-date", "x-amz-security-token"}


@pytest.mark.parametrize("secret", ["AKIASANDBOX000000000", "AKIASANDBOX000000000:", ":x", "a:b:"])
def test_another_form_of_key_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="ACCESS_KEY_ID:SECRET_ACCESS_KEY") as caught:
        SigV4("eu-west-1", secret)
    assert secret not in str(caught.value)


async def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    assert check(await signed(SigV4("eu-west-1", None))) == "AKIASANDBOX000000001"


async def test_credentials_come_from_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = f"[work]\naws_access_key_id = AKIASANDBOX000000002\naws_secret_access_key = {SECRET_KEY}\n"
    (tmp_path / "credentials").write_text(written)
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert check(await signed(SigV4("eu-west-1", None))) == "AKIASANDBOX000000002"


def credential_process(folder: Path, lasts: timedelta | None) -> Path:
    """A program that lends `ASIASANDBOX00000000N` for the N-th time, for so long; None: it fails. Its count of runs."""
    runs, program = folder / "runs", folder / "lend.py"
    ends = datetime.now(UTC) + (lasts or timedelta())
    said = {"Version": 1, "SecretAccessKey": SECRET_KEY, "SessionToken": "t", "Expiration": ends.isoformat()}
    program.write_text(
        textwrap.dedent(
            f"""
            import json, pathlib, sys
            runs = pathlib.Path({str(runs)!r})
            count = int(runs.read_text()) + 1 if runs.exists() else 1
            runs.write_text(str(count))
            if {lasts is None}:
                sys.exit("SecretAccessKey: canary-of-the-process")
            print(json.dumps({said!r} | {{"AccessKeyId": f"ASIASANDBOX{{count:09}}"}}))
            """
        )
    )
    (folder / "config").write_text(f"[default]\ncredential_process = {sys.executable} {program}\n")
    return runs


async def test_temporary_credentials_are_kept_while_they_last(tmp_path: Path) -> None:
    runs = credential_process(tmp_path, timedelta(hours=1))
    signer = SigV4("eu-west-1", None)
    assert {check(made) for made in await asyncio.gather(*[signed(signer) for _ in range(20)])} == {
        "ASIASANDBOX000000001"
    }
    assert check(await signed(signer)) == "ASIASANDBOX000000001"
    assert runs.read_text() == "1"


async def test_temporary_credentials_are_renewed_before_their_end_while_calls_go_on(tmp_path: Path) -> None:
    credential_process(tmp_path, timedelta(minutes=12))  # within the time in which AWS wants them renewed
    signer = SigV4("eu-west-1", None)
    first = check(await signed(signer))
    signer._credentials._again_at = 0.0
    assert check(await signed(signer)) == first
    async with asyncio.timeout(60):
        while check(await signed(signer)) == first:
            await asyncio.sleep(0)
    assert check(await signed(signer)) > first


async def test_what_is_missing_is_told_with_what_to_do() -> None:
    with pytest.raises(CannotSign, match=r"AWS_ACCESS_KEY_ID.*or give api_key a reference") as caught:
        await signed(SigV4("eu-west-1", None))
    assert redact(str(caught.value)) == str(caught.value)


async def test_what_is_wrong_with_a_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CannotSign, match=r"ProfileNotFound: The config profile \(nobody\) could not be found"):
        await signed(SigV4("eu-west-1", None))


async def test_half_a_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASANDBOX000000001")
    with pytest.raises(CannotSign, match="missing: AWS_SECRET_ACCESS_KEY"):
        await signed(SigV4("eu-west-1", None))


async def test_a_process_that_fails_is_told_without_what_it_said_of_secrets(tmp_path: Path) -> None:
    credential_process(tmp_path, None)
    with pytest.raises(CannotSign, match="AWS's credentials cannot be had: CredentialRetrievalError") as caught:
        await signed(SigV4("eu-west-1", None))
    assert "canary" not in str(caught.value)


async def test_nothing_that_is_signed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await signed(SigV4("eu-west-1", f"ASIASANDBOX000000000:{SECRET_KEY}:canary-of-a-token"))
    assert "canary" not in json.dumps([record.getMessage() for record in caplog.records])
