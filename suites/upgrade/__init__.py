"""UPGRADE: what must hold after an upgrade in place, and after the way back."""
