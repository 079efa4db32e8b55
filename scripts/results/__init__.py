"""What came out of a labeling job, read back: tables, reports, the workers' quality."""
