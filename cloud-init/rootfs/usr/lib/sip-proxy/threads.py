"""Threads of programs that systemd keeps running. Imported, never run."""

import os
import sys
import threading
import traceback


def keep_running(target):
    """Runs it beside the rest. What it did not foresee ends the whole program, so that systemd starts it anew: Python would
    end that thread alone, and the service would look well while nothing watches any more."""
    threading.Thread(target=_run, args=(target,), daemon=True).start()


def _run(target):
    try:
        target()
    except BaseException:
        traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
