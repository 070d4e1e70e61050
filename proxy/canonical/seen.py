"""What a reply has shown so far: enough to settle its call, whole or broken."""


class Seen:
    """Filled by whoever reads the reply on its way."""

    def __init__(self) -> None:
        self.usage: object = None
        """The provider's usage object as it came; None: none came."""
        self.served_model: str | None = None
        self.service_tier: str | None = None
        self.finish_reason: str | None = None
        self.produced_characters = 0

    def name_model(self, model: object, service_tier: object) -> None:
        """Take over what the reply says of itself, first word counts."""
        if self.served_model is None and isinstance(model, str) and model:
            self.served_model = model[:256]
        if self.service_tier is None and isinstance(service_tier, str):
            self.service_tier = service_tier[:40]

    def finished(self, reason: object) -> None:
        if isinstance(reason, str):
            self.finish_reason = reason[:40]
