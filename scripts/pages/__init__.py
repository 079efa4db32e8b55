"""Worker pages composed from `templates`, and tried on one photo."""
