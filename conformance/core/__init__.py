"""What every layer may use and which itself uses none of them: errors, waiting, processes, paths."""
