"""Importers of provider exports and other tools' logs."""
