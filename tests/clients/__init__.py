"""Tests of the clients against small servers on loopback and recordings of a real controller."""
