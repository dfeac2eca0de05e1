"""Checks of the registry layer."""
