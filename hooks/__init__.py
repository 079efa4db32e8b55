"""Everything that runs in Lambda: three thin handlers over the pure `hooks.core`."""
