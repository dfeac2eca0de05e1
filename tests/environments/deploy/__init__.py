"""Tests of how the stack is deployed from its declaration."""
