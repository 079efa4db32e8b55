"""Other tools' labels read back, one format a file: photos with label maps, one at a time."""
