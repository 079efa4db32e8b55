"""What `fewclick job` does: labeling jobs prepared, checked, created, watched, explained."""
