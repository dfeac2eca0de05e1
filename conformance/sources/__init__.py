"""What a repository says: its sources, read into typed facts."""
