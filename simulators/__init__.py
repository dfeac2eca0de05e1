"""Simulators of services that cannot be had from packages; only the build contexts of images name them."""
