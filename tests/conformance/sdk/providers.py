"""The providers that every client is tried against: one sandbox, asked in each dialect."""

from typing import NamedTuple


class Provider(NamedTuple):
    name: str
    dialect: str
    base: str
    """Behind the sandbox's address."""
    plain: str
    """A model that does not think."""
    thinking: str
    """A model that thinks where it is asked to; what signs thoughts wants them back."""

    def place(self) -> dict[str, str]:
        """As drivers are told of it."""
        models = {"plain": f"{self.name}/{self.plain}", "thinking": f"{self.name}/{self.thinking}"}
        return {"name": self.name, **models}


PROVIDERS = (
    Provider("chat", "openai-chat", "/v1", "gpt-4o-mini", "deepseek-reasoner"),
    Provider("responses", "openai-responses", "/v1", "gpt-4.1", "gpt-5"),
    Provider("messages", "anthropic-messages", "", "claude-sonnet-4-5", "claude-sonnet-4-5"),
    Provider("gemini", "gemini", "", "gemini-2.0-flash", "gemini-3-pro"),
    Provider(
        "bedrock",
        "bedrock-converse",
        "",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ),
)

HOUSE = "house"
"""A route, for what is not asked of a provider."""


def config(sandbox: str, key: str) -> str:
    """A gateway in front of all of them. `key`: the file of the providers' key."""
    lines = [
        f'  {each.name}: {{dialect: {each.dialect}, base_url: "{sandbox}{each.base}", api_key: "file:{key}", '
        "allow_private: true}"
        for each in PROVIDERS
    ]
    routes = f"  {HOUSE}: {{targets: [{PROVIDERS[0].name}/{PROVIDERS[0].plain}]}}"
    return "\n".join(["vault: file", "providers:", *lines, "models:", routes, ""])
