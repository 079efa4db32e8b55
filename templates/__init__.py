"""The worker page: Jinja templates, styles and classic scripts."""
