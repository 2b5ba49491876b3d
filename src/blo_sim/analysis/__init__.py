"""Exact limits: what the best design could reach if everybody knew everything and decided once."""
