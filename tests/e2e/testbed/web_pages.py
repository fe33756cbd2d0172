"""The pages of the test bed, served on the loopback of a host: 127.0.0.1 is a secure context, so media devices exist."""

import functools
import http.server
import threading
from pathlib import Path

from testbed.network import Host


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class WebPages:
    """Serves this folder while the `with` block lasts."""

    def __init__(self, host: Host):
        handler = functools.partial(_QuietHandler, directory=str(Path(__file__).parent))
        with host.entered():
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
