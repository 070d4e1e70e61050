"""The control store: teams, projects, virtual keys, settings and the audit trail, in one SQLite file."""
