"""The command line, `conformance`."""
