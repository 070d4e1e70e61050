"""The command line. One file per command; the order of the list is the order of `--help`."""
