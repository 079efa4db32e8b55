"""Active learning replayed on photos whose labels are known, with simulated workers."""
