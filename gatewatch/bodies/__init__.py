"""Bodies of calls, where the configuration says that they are kept: redacted, cut to size, in files of one day each."""
