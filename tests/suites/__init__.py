"""Tests of the suites themselves: the catalogue, its page, and what checks say."""
