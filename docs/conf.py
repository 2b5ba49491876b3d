"""Sphinx: ``sphinx-build -W --keep-going docs docs/_build``."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "blo-sim"
author = "the blo-sim authors"
project_copyright = "the blo-sim authors"
version = release = version_of("blo-sim")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
default_role = "code"
nitpicky = False

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False

html_theme = "furo"
html_title = "blo-sim"
html_copy_source = False
