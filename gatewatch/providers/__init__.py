"""Providers as data: where each is, what it speaks there, what is odd about it, and what it does with prompts."""
