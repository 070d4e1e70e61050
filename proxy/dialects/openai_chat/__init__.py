"""OpenAI's Chat Completions, as spoken by most providers, with the completions and embeddings beside it."""
