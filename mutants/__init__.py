"""Stacks with exactly one thing broken, and what must be said of each: the proof that checks can fail."""
