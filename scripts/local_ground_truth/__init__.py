"""Ground Truth on one machine."""
