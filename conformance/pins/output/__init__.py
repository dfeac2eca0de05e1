"""What the gate says: on the terminal, as Markdown for a comment, as JSON, as JUnit."""
