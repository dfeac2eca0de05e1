"""IMAGES: what each one is upstream, how to build it from packages, and how it gets into a node."""
