"""The host: what it can do, what it lacks, and the container engine on it."""
