"""Everything that runs in Lambda: thin handlers over the pure `hooks.core`."""
