"""The options and help of every verb of `fewclick`, one module per verb.

Nothing here imports more than typer until a verb runs: `--help` answers at once. What a verb does
lies in the module of `scripts` that has its name.
"""
