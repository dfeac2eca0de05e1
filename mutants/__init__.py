"""Stacks with exactly one thing broken, and the failure that each must cause: proof that checks can fail."""
