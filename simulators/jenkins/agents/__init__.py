"""Executors: the queue, the Kubernetes cloud, agents and their connections."""
