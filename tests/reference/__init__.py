"""Tests of the reference stack's own files: charts, values, seed, pipelines, product."""
