"""Pods that run builds: one set of facts for all templates, whatever declares them."""
