"""What trainers show: a simulated run as a film on a map, in a page that needs no network."""
