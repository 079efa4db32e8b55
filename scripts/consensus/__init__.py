"""Ways to consolidate several workers' masks, compared."""
