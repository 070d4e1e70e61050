"""One folder per wire format: how it is read and written, as a caller's language and as a provider's."""
