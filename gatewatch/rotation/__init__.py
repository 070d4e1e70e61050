"""Rotation of a provider's key: minted, stored, probed, switched, drained, revoked; watched, resumed, rolled back."""
