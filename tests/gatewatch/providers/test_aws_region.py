"""Endpoints as docs.aws.amazon.com/general/latest/gr/bedrock.html and the PrivateLink pages have them."""

import pytest

from gatewatch.providers.aws_region import region_of


@pytest.mark.parametrize(
    ("base_url", "region"),
    [
        ("https://bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"),
        ("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/openai/v1", "us-gov-west-1"),
        ("https://bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("https://bedrock-runtime.ap-southeast-2.api.aws", "ap-southeast-2"),
        ("https://vpce-0a1b-2c3d.bedrock-runtime.us-east-1.vpce.amazonaws.com", "us-east-1"),
        ("https://proxy.example/v1", None),
        ("https://amazonaws.com", None),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com.evil.example", None),
        ("http://[::1", None),
    ],
)
def test_the_region_stands_in_the_host(base_url: str, region: str | None) -> None:
    assert region_of(base_url) == region
