"""The outputs of the gate: on the terminal, as Markdown for a comment, as JSON, as JUnit."""
