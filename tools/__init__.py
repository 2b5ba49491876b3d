"""Scripts that made files of the repository from public data."""
