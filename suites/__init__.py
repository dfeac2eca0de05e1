"""WHAT WE ASSERT: the catalogue of requirements and the checks that decide them, layer by layer."""
