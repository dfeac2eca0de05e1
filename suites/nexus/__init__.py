"""Checks of the nexus layer."""
