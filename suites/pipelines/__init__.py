"""Checks of the pipelines layer."""
