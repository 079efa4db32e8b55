"""Runs a command that must not outlive the process that started it. Started by path; stdlib alone.

    python -P guarded_process.py <command> [argument ...]

The command runs until it ends by itself or this process's stdin does, which happens when the
parent dies, however it dies. Its exit status becomes this process's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

SECONDS_TO_END = 5.0


def main() -> int:
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def end_with_parent() -> None:
        # The raw descriptor: a buffered reader would be locked when the interpreter shuts down.
        while os.read(0, 4096):
            pass
        command.terminate()
        try:
            command.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            command.kill()

    threading.Thread(target=end_with_parent, daemon=True).start()
    return command.wait()


if __name__ == "__main__":
    sys.exit(main())
