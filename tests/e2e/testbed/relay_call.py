"""A relay-only call in Chromium, as tests and the long run drive it."""

import contextlib
import json

from testbed.chromium import Chromium
from testbed.network import Host
from testbed.relay import PORT
from testbed.web_page import WebPage


class RelayCall:
    """Two peer connections in one page. report() is what their statistics say now."""

    def __init__(self, browser: Chromium):
        self._browser = browser

    def report(self) -> dict:
        return self._browser.evaluate("reports()")

    def send_echoes(self, prefix: str, count: int) -> None:
        self._browser.evaluate(f"sendEchoes({json.dumps(prefix)}, {count})")

    def hang_up(self) -> None:
        self._browser.evaluate("hangUp()")


@contextlib.contextmanager
def relay_call(host: Host, server: str, credential: tuple[str, str]):
    """A connected call from inside `host`; the browser is gone when the block ends."""
    address = f"[{server}]" if ":" in server else server
    ice_servers = [{"urls": f"turn:{address}:{PORT}?transport=udp", "username": credential[0],
                    "credential": credential[1]}]
    with WebPage(host) as page, Chromium(host) as browser:
        browser.open(page.url)
        browser.evaluate(f"startCall({json.dumps(ice_servers)})", timeout_s=30)
        yield RelayCall(browser)
