"""A program inside a host: its output kept, its life bounded."""

import os
import signal
import subprocess
import tempfile
import threading
import time

from testbed.network import Host


def _die_with_parent() -> None:
    """Runs in the child before exec: SIGKILL follows if the test run itself is killed (PR_SET_PDEATHSIG = 1)."""
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """Starts at construction; `with` or stop() ends it. Output (both streams) is read by output()."""

    def __init__(self, host: Host, *command: str, environment: dict | None = None, pass_fds: tuple = ()):
        self.command = command
        self._output = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            host.command(*command), stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
            env=os.environ | (environment or {}), pass_fds=pass_fds, preexec_fn=_die_with_parent,
            start_new_session=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def wait(self, timeout_s: float) -> int:
        """The exit code, or TimeoutError with the program's last words."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.stop(grace_s=0)
            raise TimeoutError(f"{self.command[0]} did not end in {timeout_s} s:\n{self.output()[-2000:]}") from None

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self, grace_s: float = 3) -> None:
        """SIGTERM, then SIGKILL to the whole session, so that no grandchild outlives it."""
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def resident_kib(pid: int) -> int:
    """VmRSS of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def wait_until(condition, timeout_s: float, what: str, every_s: float = 0.05):
    """Polls `condition` until it is true and returns its value; TimeoutError names `what` did not happen."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s: {what}")
        time.sleep(every_s)


def in_thread(host: Host, function):
    """Runs `function` to its end on a thread that lives inside `host`, and returns or raises what it did.

    For libraries that open sockets whenever they like (asyncio, aioice): the thread and all it starts stay there.
    """
    outcome = {}

    def body():
        try:
            with host.entered():
                outcome["value"] = function()
        except BaseException as error:  # handed to the caller below
            outcome["error"] = error

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
