"""The state that a team's stack holds after months: captured before an upgrade and compared after it."""
