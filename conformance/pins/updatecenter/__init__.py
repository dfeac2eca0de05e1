"""The update center: its document, the places it comes from, and its signature."""
