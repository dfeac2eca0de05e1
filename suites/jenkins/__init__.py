"""Checks of the jenkins layer."""
