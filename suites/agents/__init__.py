"""Checks of the agents layer."""
