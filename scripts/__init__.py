"""The `fewclick` command: one file per verb."""
