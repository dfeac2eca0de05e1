"""The kind environment: a cluster of our own, from an empty host."""
