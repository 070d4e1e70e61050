"""One file per wire format: how a request is asked, where usage stands, how errors and streams end."""
