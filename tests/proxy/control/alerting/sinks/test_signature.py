"""Signatures that any receiver of Standard Webhooks can check; the oracle is openssl, and the scheme's own example."""

import base64
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from gatewatch.vault.references import SecretError
from proxy.control.alerting.sinks.signature import signature_headers, signing_key

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_the_scheme() -> None:
    body = b'{"test": 2432232314}'
    headers = signature_headers(signing_key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is the oracle")
def test_as_openssl_signs_it() -> None:
    secret = "a secret of thirty-two characters"
    headers = signature_headers(signing_key(secret), "msg_1", 1795168800, "grün".encode())
    signed = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", secret, "-binary"],
        input=b"msg_1.1795168800." + "grün".encode(),
        capture_output=True,
        check=True,
    ).stdout
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"


def test_without_a_secret_only_what_tells_messages_apart() -> None:
    assert signature_headers(None, "msg_1", 7, b"x") == {"webhook-id": "msg_1", "webhook-timestamp": "7"}


@pytest.mark.parametrize("secret", ["short-and-weak", "whsec_c2hvcnQ=", "whsec_not base64!", "x" * 23])
def test_a_weak_or_broken_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(SecretError) as refused:
        signing_key(secret)
    assert secret not in str(refused.value)


def test_the_example_in_the_manual_takes_what_is_genuine_and_nothing_else() -> None:
    page = (Path(__file__).parents[5] / "docs" / "alerts.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    found: dict[str, Any] = {}
    exec(example, found)
    is_genuine = found["is_genuine"]
    secret, now = "a secret of thirty-two characters", int(time.time())
    headers = signature_headers(signing_key(secret), "msg_1", now, b"{}")
    assert is_genuine(headers, b"{}", secret.encode())
    assert not is_genuine(headers, b"{} ", secret.encode())
    assert not is_genuine(headers, b"{}", b"another secret of that length...")
    assert not is_genuine(headers | {"webhook-id": "msg_2"}, b"{}", secret.encode())
    old = signature_headers(signing_key(secret), "msg_1", now - 3600, b"{}")
    assert not is_genuine(old, b"{}", secret.encode())
