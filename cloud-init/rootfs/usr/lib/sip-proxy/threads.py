"""Threads for programs that systemd restarts. Imported, never run."""

import os
import sys
import threading
import traceback


def keep_running(target):
    """Runs the function in a thread. An unexpected error ends the whole program, so that systemd restarts it: Python would end only
    the thread, and the service would seem to work."""
    threading.Thread(target=_run, args=(target,), daemon=True).start()


def _run(target):
    try:
        target()
    except BaseException:
        traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
