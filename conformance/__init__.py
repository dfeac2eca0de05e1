"""The conformance harness for build infrastructure."""
