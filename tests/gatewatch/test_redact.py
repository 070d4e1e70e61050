import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.redact import redact

# Nothing here is a real credential. Card numbers are the test numbers that card networks and payment services publish.
FOUND = [
    ("Incorrect API key provided: sk-proj-4f9a8b7c6d5e4f3a2b1c, see …", "Incorrect API key provided: [secret], see …"),
    ("Incorrect API key provided: sk-abcd****************wxyz.", "Incorrect API key provided: [secret]"),
    ("key sk-ant-api03-AbCdEf_0123456789-xyz was refused", "key [secret] was refused"),
    ("sk-or-v1-0123456789abcdef0123456789abcdef", "[secret]"),
    ("API key not valid: AIzaSyA1234567890abcdefghijklmnopqrstu", "API key not valid: [secret]"),
    ("xai-0123456789abcdefghij and gsk_0123456789abcdefghij", "[secret] and [secret]"),
    ("key AKIAIOSFODNN7EXAMPLE is inactive", "key [secret] is inactive"),
    ("gwk_sk_live_k7Qm2xYz0123456789abcdef", "[secret]"),
    ("gwk_live_0123456789", "[secret]"),
    ("ghp_0123456789abcdefghij0123456789abcdef", "[secret]"),
    ("Authorization: Bearer abc.def-123", "Authorization: Bearer [secret]"),
    ("sent 'authorization: bearer 0123456789abcdef'", "sent 'authorization: bearer [secret]'"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic [secret]"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl ends", "jwt [secret] ends"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nrest", "[secret]\nrest"),
    ("cut off: -----BEGIN PRIVATE KEY-----\nMIIEow", "cut off: [secret]"),
    ('{"api_key": "0123456789abcdef0123456789abcdef"}', '{"api_key": "[secret]"}'),
    (r'{\"api_key\": \"0123456789abcdef\"}', r"{\"api_key\": \"[secret]\"}"),
    ("OPENAI_API_KEY=hunter2hunter2 missing", "OPENAI_API_KEY=[secret] missing"),
    ("x-api-key: 9f8e7d6c5b4a", "x-api-key: [secret]"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [secret]"),
    ("DB_PASSWORD='correct-horse'", "DB_PASSWORD='[secret]'"),
    ("password=correcthorse&user=jo", "password=[secret]&user=jo"),
    ("client_secret: q1w2e3r4.", "client_secret: [secret]."),
    ("GET /v1beta/models?key=AbCdEf123456 failed", "GET /v1beta/models?key=[secret] failed"),
    ("token=abcdef123", "token=[secret]"),
    ("postgresql://gate:s3cret@db.internal/x", "postgresql://[secret]@db.internal/x"),
    ("mail jo.doe+llm@mail.example.co.uk please", "mail [email] please"),
    ("user jürgen@example.de, id 5", "user [email], id 5"),
    ("call +49 30 901820 or +442079460958", "call [phone] or [phone]"),
    ("call (415) 555-2671, 415-555-2671 or 1-800-555-0199.", "call [phone], [phone] or [phone]."),
    ("call +1 415 555 2671, +1 (415) 555-2671", "call [phone], [phone]"),
    ("card 4111 1111 1111 1111 declined", "card [card] declined"),
    ("card 4242424242424242, 5555-5555-5555-4444", "card [card], [card]"),
    ("amex 3782 822463 10005, diners 3056 930902 5904", "amex [card], diners [card]"),
    ("order 5000 4111 1111 1111 1111", "order 5000 [card]"),
]  # fmt: skip

NOT_FOUND = [
    "",
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 128345 tokens.",
    "Rate limit reached for gpt-4o in organization org-AbCdEfGhIjKlMnOpQrStUvWx on tokens per min (TPM): Limit 30000",
    "Used 29000, Requested 2000. Please try again in 6m0.512s. max_tokens=4096, max_completion_tokens: 16384",
    "request req_011CSHoEeqs5C35K2UUqR7Fy, chatcmpl-AbC123dEf456GhI789jKl, call 019ab2f4-7c3e-7a10-8b2f-0123456789ab",
    "at 2026-11-21T10:00:00.123456Z, 2026-11-21 10:00:00 +0100, 1795255200, 1795255200123, 1795255200123456",
    "claude-sonnet-4-5-20250929 and gpt-4o-mini-2024-07-18 on 127.0.0.1:4000 or [2001:db8::1]:443",
    "usage 415 555 tokens, 1,234,567 input, 0.000001 USD, 12 4111 1111",
    "task-0123456789abcdef on disk-abcdefghijkl with risk-assessment-model",
    "Bearer authentication is required",
    "Invalid api_key: must be a string",
    "password: required",
    "The token limit: 4096. tokens: 12345678",
    "monkey: banana, unexpected key: temperature",
    "npm package left-pad@1.3.0 and image ghcr.io/x/y@sha256:0123456789abcdef",
    "@mention and a@b",
    "hf_hub_download and npm_config_registry",
    "https://example.com/@user and https://example.com:8443/v1",
    "4111 1111 1111 1112 has a wrong check digit; 4111111111111111x is longer",
    "order 123-456-7890 has no such area code",
    "uuid 41111111-1111-1111-1111-111111111111",
    "vault:openai env:OPENAI_API_KEY file:/run/secrets/openai",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
]


@pytest.mark.parametrize(("text", "shown"), FOUND)
def test_secrets_and_personal_data_leave_only_their_kind_behind(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize("text", NOT_FOUND)
def test_counts_ids_times_and_names_stay_readable(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", [text for text, _ in FOUND] + NOT_FOUND)
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


HOSTILE = [
    "a", "1", "4", " ", "é", "%", "=", "@", "a@", "a.", "4 ", "4111 ", "4111-", "+1 23 ", "(415) ", "415-", "sk-",
    "xsk-", "eyJ.", "-----BEGIN PRIVATE KEY", "api_key=", "key ", "x_", "token_", "://", "Bearer ",
    "=a", ': "', "11111111a",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_megabyte_of_hostile_text_does_not_stop_the_gateway(unit: str) -> None:
    """A quadratic pattern would need hours for one of these; all of them together take about two seconds."""
    text = unit * (500_000 // len(unit))
    redact(f"token= {text}@ -----BEGIN {text}@x.y")


@given(st.text(alphabet="sk-eyJ.@+()=: 4123ab\"'\\/?&[]_AI\n", max_size=200))
def test_no_text_makes_it_fail_and_secrets_do_not_come_back(text: str) -> None:
    assert "sk-0123456789abcdef" not in redact(f"{text} sk-0123456789abcdef {text}")
