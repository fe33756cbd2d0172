"""The page of the call, served on the loopback of a host: 127.0.0.1 is a secure context, so media devices exist."""

import functools
import http.server
import threading
from pathlib import Path

from testbed.network import Host


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class WebPage:
    """Serves this folder's relay_call.html while the `with` block lasts; url is its address."""

    def __init__(self, host: Host):
        handler = functools.partial(_QuietHandler, directory=str(Path(__file__).parent))
        with host.entered():
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/relay_call.html"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
