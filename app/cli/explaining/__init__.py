"""The story of a call, told in the order in which it happened. Each module tells a part of it as lines of text."""
