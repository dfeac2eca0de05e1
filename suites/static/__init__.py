"""Checks of the static layer."""
