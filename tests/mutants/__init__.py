"""Tests of the mutants' tool."""
