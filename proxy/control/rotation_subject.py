"""What a rotation is about, from the configuration: whose key it is, where it is kept, and what it is tried with."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from gatewatch.config import Loaded
from gatewatch.config import models as written
from gatewatch.config.admin_rules import admin_api
from gatewatch.control.provider_rotations import LONGEST_DRAIN_US
from gatewatch.errors import GatewatchError, NotFound, UsageError
from gatewatch.keys.secret_shapes import shown
from gatewatch.rotation.parts import Fleet, KeyMaker, Parts
from proxy.control.minting import anthropic, azure, google, openai, openrouter
from proxy.control.minting.admin_api import AdminApi
from proxy.control.settings_compile import compile_provider
from proxy.settings import Provider, ProviderKey
from proxy.trial.probe import Probe

Resolve = Callable[[str], str | None]


class Subject(NamedTuple):
    """One key of one provider."""

    provider: str
    key: str
    entry: str
    """The vault's name of its secret."""


def subject_of(loaded: Loaded, provider: str, key: str | None) -> Subject:
    """The key that is meant. Raises NotFound, and UsageError where it is not the vault that keeps it."""
    keys = keys_of(loaded.config, provider)
    if key is None and len(keys) > 1:
        raise UsageError(f"which key of {provider}?", f"name it with --key; there are: {', '.join(keys)}")
    chosen = next(iter(keys)) if key is None else key
    if chosen not in keys:
        raise NotFound(f"{provider} has no key {shown(chosen)}", f"there are: {', '.join(keys)}")
    kind, _, entry = keys[chosen].partition(":")
    if kind != "vault":
        steps = {
            "env": "change the variable where the gateway is started, and restart it",
            "file": "replace the file, and restart the gateway",
        }
        place = f"providers.{provider}.api_key"
        raise UsageError(
            f"the key {shown(chosen)} of {provider} is not in the vault: {kind}",
            f"{steps.get(kind, 'there is no key to rotate')}; or keep it in the vault"
            f" (`gatewatch providers set-key NAME`) and write {place}: vault:NAME",
        )
    return Subject(provider, chosen, entry)


def subject_now(loaded: Loaded, provider: str, key: str, entry: str) -> Subject:
    """Who uses a secret of the vault now: the provider and key of before, else any. Raises NotFound."""
    users = [
        Subject(name, each, entry)
        for name in loaded.config.providers
        for each, reference in keys_of(loaded.config, name).items()
        if reference == f"vault:{entry}"
    ]
    if not users:
        raise NotFound(
            f"no provider is configured with vault:{entry} any more",
            "put it back into the configuration and --resume, or give the rotation up with --abandon",
        )
    return max(users, key=lambda user: (user.provider == provider, user.key == key))


def keys_of(config: written.Config, provider: str) -> dict[str, str]:
    """Name of a key → the reference to it. Raises NotFound."""
    if provider not in config.providers:
        known = ", ".join(config.providers) or "none"
        raise NotFound(f"no provider {shown(provider)} is configured", f"there are: {known}")
    return dict(config.providers[provider].references)


def sharers(config: written.Config, subject: Subject) -> tuple[str, ...]:
    """Other providers whose calls carry the same secret of the vault."""
    reference = f"vault:{subject.entry}"
    return tuple(
        name for name in config.providers if name != subject.provider and reference in keys_of(config, name).values()
    )


def parts_for(loaded: Loaded, subject: Subject, control: Path, resolve: Resolve, fleet: Fleet | None) -> Parts:
    """What its rotation works with; `control`: the store with the operator's prices. Raises GatewatchError."""

    def compiled(secret: str) -> Provider:
        provider = compile_provider(subject.provider, loaded, lambda _: secret)
        return msgspec.structs.replace(provider, keys=(ProviderKey(id=subject.key, secret=secret),))

    maker, by_hand = maker_for(subject.provider, loaded.config.providers[subject.provider], resolve)
    probe = Probe(compiled, _targets(loaded.config, subject.provider), control)
    return Parts(provider=subject.provider, prober=probe, maker=maker, fleet=fleet, by_hand=by_hand)


def maker_for(name: str, provider: written.Provider, resolve: Resolve) -> tuple[KeyMaker | None, str]:
    """The provider's admin API where one is configured, and what an operator does without. Raises GatewatchError."""
    by_hand = {
        "openai": openai.BY_HAND,
        "openrouter": openrouter.BY_HAND,
        "anthropic": anthropic.BY_HAND,
        "azure": azure.BY_HAND,
        "bedrock": "delete the old key at the IAM user's security credentials, under API keys for Amazon Bedrock",
        "google": google.BY_HAND,
    }
    usual = by_hand.get(provider.preset or "", f"end the old key in the console of {name}")
    admin, api = provider.admin, admin_api(provider)
    if admin is None or api is None:
        return None, usual
    found = resolve(admin.key)
    secret = found or ""

    def asking(base_url: str, headers: dict[str, str]) -> AdminApi:
        return AdminApi(name, admin.base_url or base_url, headers, allow_private=provider.allow_private)

    bearer = {"authorization": f"Bearer {secret}"}
    match api:
        case "openai":
            project, account = admin.project or "", admin.service_account or ""
            asked, lasts = asking(openai.BASE_URL, bearer), admin.expires
            seconds = None if lasts is None else lasts // 1_000_000
            return openai.OpenAiKeys(asked, project, account, expires=seconds, scopes=admin.scopes), by_hand[api]
        case "openrouter":
            return openrouter.OpenRouterKeys(asking(openrouter.BASE_URL, bearer), admin.workspace), by_hand[api]
        case "anthropic":
            headers = {"x-api-key": secret, "anthropic-version": anthropic.VERSION}
            return anthropic.AnthropicKeys(asking(anthropic.BASE_URL, headers)), by_hand[api]
        case "azure":
            login = AdminApi(name, admin.base_url or azure.LOGIN_URL, {}, allow_private=provider.allow_private)
            keys = azure.AzureKeys(
                asking(azure.BASE_URL, {}),
                login,
                tenant=admin.tenant or "",
                client=admin.client or "",
                secret=secret,
                resource=admin.resource or "",
            )
            return keys, by_hand[api]
        case "bedrock":
            from proxy.control.minting import bedrock  # what it needs comes with an extra
            from proxy.worker.sigv4 import SigV4

            in_gov = (provider.region or "").startswith("us-gov-")
            region, url = bedrock.IN_GOVCLOUD if in_gov else (bedrock.REGION, bedrock.BASE_URL)
            try:
                signer = SigV4(region, found, "iam", bedrock.CONTENT_TYPE)
            except ValueError as error:
                raise GatewatchError(f"the key of providers.{name}.admin is none of AWS's", str(error)) from None
            return bedrock.BedrockKeys(asking(url, {}), signer, admin.user or "", admin.days), by_hand[api]
        case "google":
            from proxy.worker.google_token import GoogleToken

            asked = asking(google.BASE_URL, {})
            return google.GoogleKeys(asked, GoogleToken(found), admin.project or ""), by_hand[api]


def _targets(config: written.Config, provider: str) -> Sequence[str]:
    """The models that models of the configuration ask it for."""
    prefix = f"{provider}/"
    targets = (target for model in config.models.values() for target in model.targets)
    return [target.removeprefix(prefix) for target in targets if target.startswith(prefix)]


def longest_deadline(config: written.Config) -> int:
    """µs: how long a call may take at most, as far as a rotation waits for one."""
    own = (model.deadlines.total for model in config.models.values() if model.deadlines)
    return min(LONGEST_DRAIN_US, max((config.deadlines.total, *own)))
