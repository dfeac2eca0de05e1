"""Configuration as code by its own rules: sources, their merge, references, and what it declares."""
