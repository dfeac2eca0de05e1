"""Tests of the readers of a stack's sources."""
