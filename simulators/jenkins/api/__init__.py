"""What the remote API and the script console show of the controller."""
