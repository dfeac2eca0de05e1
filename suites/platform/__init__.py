"""Checks of the platform layer."""
