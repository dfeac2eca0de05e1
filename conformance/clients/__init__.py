"""One typed client per service, over one HTTP layer."""
