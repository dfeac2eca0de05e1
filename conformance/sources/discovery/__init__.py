"""Finds what is what in a repository."""
