import msgspec
import pytest

from proxy.settings import Provider, ProviderKey
from proxy.worker.google_token import GoogleToken
from proxy.worker.signers import signer_for
from proxy.worker.sigv4 import SigV4


def provider(auth: str, secret: str | None = None) -> Provider:
    return Provider(
        name="p", ways=(), keys=(ProviderKey(id="k", secret=secret),), price_provider="p", auth=auth, region="eu-west-1"
    )


def test_each_way_of_proving_has_its_signer() -> None:
    assert signer_for(provider("key", "sk-1")) is None
    assert isinstance(signer_for(provider("sigv4", "a:b")), SigV4)
    assert isinstance(signer_for(provider("sigv4")), SigV4)
    assert isinstance(signer_for(provider("google")), GoogleToken)


def test_a_key_of_another_form_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="ACCESS_KEY_ID"):
        signer_for(provider("sigv4", "canary"))


async def test_each_of_several_keys_signs_for_itself() -> None:
    two = msgspec.structs.replace(
        provider("sigv4"), keys=tuple(ProviderKey(id=id, secret=f"{id}:secret") for id in ("AKIAONE", "AKIATWO"))
    )
    for key in two.keys:
        signer = signer_for(two, key)
        assert signer is not None
        assert f"Credential={key.id}/" in (await signer.headers("https://x.example/m", b"{}"))["authorization"]
