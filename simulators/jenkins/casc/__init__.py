"""Configuration as code: sources, merging, the schema, application and export."""
