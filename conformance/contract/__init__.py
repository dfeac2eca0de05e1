"""WHAT the stack must be: the contract's model, its loader and the catalogue of requirements."""
