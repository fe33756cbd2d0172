"""A relay-only call in Chromium, as tests and the long run drive it."""

import contextlib

from testbed.chromium import Chromium, Page
from testbed.network import Host
from testbed.relay import PORT
from testbed.web_pages import WebPages


class RelayCall:
    """Two peer connections in one page. report() is what their statistics say now."""

    def __init__(self, page: Page):
        self._page = page

    def report(self) -> dict:
        return self._page.run("reports")

    def send_echoes(self, prefix: str, count: int) -> None:
        self._page.run("sendEchoes", prefix, count)

    def hang_up(self) -> None:
        self._page.run("hangUp")


@contextlib.contextmanager
def relay_call(host: Host, server: str, credential: tuple[str, str]):
    """A connected call from inside `host`; the browser is gone when the block ends."""
    address = f"[{server}]" if ":" in server else server
    ice_servers = [{"urls": f"turn:{address}:{PORT}?transport=udp", "username": credential[0],
                    "credential": credential[1]}]
    with WebPages(host) as pages, Chromium(host) as browser:
        page = browser.new_page()
        page.open(pages.url("relay_call.html"))
        page.run("startCall", ice_servers, timeout_s=30)
        yield RelayCall(page)
