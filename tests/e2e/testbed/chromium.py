"""Debian's Chromium without a window, driven over two pipes by the DevTools protocol: no package, no TCP port."""

import json
import os
import select
import shutil
import tempfile
import time

from testbed.network import Host
from testbed.process import Process

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--use-fake-device-for-media-stream=fps=30", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # No host but the test bed's is reachable: nothing may wait for one that is not.
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--disable-features=OptimizationHints,MediaRouter", "--no-default-browser-check", "--no-proxy-server",
    # Tabs that nobody looks at, as all of these, work as if somebody did.
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)


class ChromiumError(RuntimeError):
    """The browser refused a command, or the page threw."""


class Chromium:
    """One browser inside `host`; `with` or close() ends it and removes its profile."""

    def __init__(self, host: Host):
        self._profile = tempfile.mkdtemp(prefix="penstock-chromium-")
        self._received = b""
        self._next_id = 0
        command_read, self._commands = os.pipe()
        self._answers, answer_write = os.pipe()
        try:
            # --remote-debugging-pipe reads commands from descriptor 3 and writes answers to 4.
            self._process = Process(
                host, "bash", "-c", f'exec "$@" 3<&{command_read} 4>&{answer_write}', "chromium",
                "chromium", *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "about:blank",
                environment={key: self._profile for key in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR")},
                pass_fds=(command_read, answer_write))
        finally:
            os.close(command_read)
            os.close(answer_write)

    def new_page(self) -> "Page":
        """A tab. The others stay, hidden, which none of them minds: see _FLAGS."""
        target = self.call("Target.createTarget", url="about:blank", timeout_s=30)["targetId"]
        return Page(self, target, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def call(self, method: str, timeout_s: float = 15, session: str | None = None, **parameters) -> dict:
        """One DevTools command and its result; events that arrive meanwhile are passed over."""
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout_s
        while True:
            answer = json.loads(self._next_message(deadline, method))
            if answer.get("id") == self._next_id:
                if "error" in answer:
                    raise ChromiumError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _next_message(self, deadline: float, method: str) -> bytes:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._answers], [], [], max(0, deadline - time.monotonic()))
            part = os.read(self._answers, 65536) if ready else b""
            if not part:
                reason = "ended" if ready else "did not answer in time"
                raise ChromiumError(f"Chromium {reason} ({method}):\n{self._process.output()[-2000:]}")
            self._received += part
        message, _, self._received = self._received.partition(b"\0")
        return message

    def close(self) -> None:
        self._process.stop()
        os.close(self._commands)
        os.close(self._answers)
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Page:
    """One tab of a browser."""

    def __init__(self, browser: Chromium, target: str, session: str):
        self._browser = browser
        self._target = target
        self._session = session

    def open(self, url: str) -> None:
        """Also the way to load a page again: whatever ran in it is gone."""
        self._call("Page.enable")
        result = self._call("Page.navigate", url=url)
        if "errorText" in result:
            raise ChromiumError(f"{url}: {result['errorText']}")
        self.evaluate("new Promise(done => document.readyState === 'complete' ? done() : (window.onload = done))")

    def evaluate(self, expression: str, timeout_s: float = 15):
        """The value of a JavaScript expression; a promise is awaited."""
        result = self._call("Runtime.evaluate", timeout_s=timeout_s, expression=expression, awaitPromise=True,
                            returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise ChromiumError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def run(self, function: str, *arguments, timeout_s: float = 15):
        """Calls a function of the page."""
        return self.evaluate(f"{function}({', '.join(json.dumps(argument) for argument in arguments)})", timeout_s)

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _call(self, method: str, **parameters) -> dict:
        return self._browser.call(method, session=self._session, **parameters)
