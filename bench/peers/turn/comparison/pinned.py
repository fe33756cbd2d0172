"""Starts processes on a core of their own, ahead of whatever else the machine does."""

import os
import subprocess


def popen(command, cpu, first_in_line, **arguments):
    """A process pinned to `cpu`. With `first_in_line` (needs root) its session gets the largest share of that core."""

    def prepare():
        os.sched_setaffinity(0, {cpu})
        if first_in_line:
            os.nice(-20)
            # Shares are dealt per session first (sched_autogroup), then by nice value within it.
            try:
                with open("/proc/self/autogroup", "w", encoding="ascii") as autogroup:
                    autogroup.write("-20")
            except OSError:
                pass

    return subprocess.Popen(command, start_new_session=True, preexec_fn=prepare, **arguments)


def stop(process, patience_s=1):
    """By force if need be: a relay that drains would go on sharing its port with the next one."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
