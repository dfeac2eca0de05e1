"""The controller as the remote API and the script console show it."""
