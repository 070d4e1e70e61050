"""Where secrets live: the operating system's keyring, or an encrypted file."""
