"""What a team's stack holds after months, written down before an upgrade and looked at again after it."""
