"""Plugin pins: read them, resolve them, judge them, and gate a bump before it is released.

Nothing here imports pydantic, an HTTP client, Kubernetes or AWS at module level: the static gate runs
in pull requests, where its start-up is most of its time.
"""
