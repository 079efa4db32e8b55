"""Training-set formats, one a file. A writer is pure: images in, named files and a record out."""
