import pytest

from gatewatch.config.base_url_form import other_forms, remark, remark_on_query


@pytest.mark.parametrize(
    ("dialect", "base_url", "right"),
    [
        ("openai-chat", "https://api.example.com", "https://api.example.com/v1"),
        ("openai-responses", "https://api.example.com/", "https://api.example.com/v1"),
        ("openai-chat", "https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("openai-chat", "https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1"),
        ("openai-responses", "https://r.openai.azure.com/openai/", "https://r.openai.azure.com/openai/v1"),
        ("anthropic-messages", "https://api.anthropic.com/v1", "https://api.anthropic.com"),
        ("anthropic-messages", "https://x.example/anthropic/v1/messages", "https://x.example/anthropic"),
        ("gemini", "https://generativelanguage.googleapis.com/v1beta", "https://generativelanguage.googleapis.com"),
    ],
)
def test_what_is_plainly_wrong_is_remarked_on_with_the_right_form(dialect: str, base_url: str, right: str) -> None:
    said = remark(dialect, base_url)
    assert said
    assert f" {right} is probably right" in said


@pytest.mark.parametrize(
    ("dialect", "base_url"),
    [
        ("openai-chat", "https://api.openai.com/v1"),
        ("openai-chat", "https://r.openai.azure.com/openai/deployments/{model}"),
        ("openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("openai-responses", "https://openrouter.ai/api/v1/"),
        ("anthropic-messages", "https://api.deepseek.com/anthropic"),
        ("anthropic-messages", "http://127.0.0.1:8000"),
        ("gemini", "https://generativelanguage.googleapis.com"),
        ("gemini", "https://a.googleapis.com/v1/projects/p/locations/l/publishers/google"),
        ("bedrock-converse", "https://bedrock-runtime.eu-west-1.amazonaws.com"),
    ],
)
def test_nothing_is_said_where_nothing_is_wrong(dialect: str, base_url: str) -> None:
    assert remark(dialect, base_url) is None


def test_azures_older_api_wants_its_version_in_the_query() -> None:
    """Microsoft Learn, Azure OpenAI REST API reference: `api-version` is a required query parameter there."""
    deployments = "https://r.openai.azure.com/openai/deployments/{model}"
    assert "api-version=" in (remark_on_query(deployments, None) or "")
    assert remark_on_query(deployments, "api-version=2024-10-21") is None
    assert remark_on_query("https://r.openai.azure.com/openai/v1", None) is None


def test_other_forms_are_the_likeliest_first() -> None:
    assert other_forms("openai-chat", "https://x.example")[0] == "https://x.example/v1"
    assert other_forms("openai-chat", "https://x.example/v1")[0] == "https://x.example"
    assert other_forms("openai-chat", "https://r.openai.azure.com")[0] == "https://r.openai.azure.com/openai/v1"
    assert other_forms("anthropic-messages", "https://x.example/api/v1")[0] == "https://x.example/api"
    for dialect in ("openai-chat", "gemini"):
        assert "https://x.example/v1" not in other_forms(dialect, "https://x.example/v1/")
