"""What trainers show: a simulated run as a film on a map, in a page that needs no network."""

LANGUAGES = ("en", "ru")
"""In which pages and lessons speak."""
