"""UPGRADE: the stack that people run, with their data in it, to the next one and back."""
