"""Checks of the restarts layer."""
