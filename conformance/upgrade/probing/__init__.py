"""Whether every service answers while an upgrade goes on."""
