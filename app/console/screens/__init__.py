"""One file for each screen: layout and keys only, its numbers come from the snapshot."""
