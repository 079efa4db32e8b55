"""What `fewclick manifest` does: problems of manifests found, and mended."""
