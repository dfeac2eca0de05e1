"""The pytest plugin: outcomes, gating, ordering, recording and cleanup of a run."""
