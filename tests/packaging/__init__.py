"""Tests of the wheel and of what an installation from it can do."""
