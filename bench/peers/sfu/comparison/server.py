"""A server under comparison: a process on a core of its own, and how a conference is set up on it."""

import subprocess
import tempfile
import time

from turn.comparison import pinned


class Server:
    """`with` starts and stops it. Subclasses say how, and what their signaling is."""

    name = ""
    encrypts = True
    environment = None
    stdin, stdout = subprocess.DEVNULL, None  # of the process; None: its output goes to the log

    def __init__(self, options):
        self.options = options
        self.process = None
        self._scratch = None

    @classmethod
    def missing(cls, options):
        """Why it cannot be compared here, in a line, or nothing."""
        raise NotImplementedError

    def command(self, scratch):
        raise NotImplementedError

    def prepare(self, scratch):
        """Writes what the command reads."""

    def answers(self):
        """Whether its signaling interface answers yet."""
        raise NotImplementedError

    def connect(self, media, case):
        """Opens publishers and receivers in `media` and joins them, so that frames can flow."""
        raise NotImplementedError

    def version(self):
        return ""

    def findings(self):
        """What its own counters say that a reader has to know, after a measurement."""
        return {}

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        self._scratch = tempfile.TemporaryDirectory(prefix=f"sfu-{self.name}-")
        scratch = self._scratch.name
        self.prepare(scratch)
        with open(f"{scratch}/log", "wb") as log:
            self.process = pinned.popen(self.command(scratch), self.options.server_cpu, first_in_line=True, stdin=self.stdin,
                                        stdout=self.stdout or log, stderr=log, cwd=scratch, env=self.environment)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_it_answers(self, patience_s=20):
        deadline = time.monotonic() + patience_s
        while not self._answered():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.complaint()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer:\n{self.complaint()}")
            time.sleep(0.05)

    def _answered(self):
        try:
            return self.answers()
        except (OSError, ValueError):
            return False

    def __exit__(self, *_):
        pinned.stop(self.process)
        self._scratch.cleanup()

    def complaint(self):
        """The end of what it printed, for an error message."""
        with open(f"{self._scratch.name}/log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-8:]).strip()


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).split("\n")[0]
    except OSError:
        return ""


def debian_version(package):
    return first_line(["dpkg-query", "-W", "-f", "${Version}\\n", package])
