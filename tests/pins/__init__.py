"""Tests of plugin pins, without a cluster and without the network."""
