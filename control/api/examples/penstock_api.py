"""Penstock's control API (/v1) with what Python brings along: requests of JSON, and the stream of events."""

import json
import threading
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """An answer that is not 2xx. Its body is a problem (RFC 9457): `detail` is a sentence, `field` a JSON pointer."""

    def __init__(self, method: str, path: str, status: int, problem: dict):
        where = f" at {problem['field']}" if problem.get("field") else ""
        super().__init__(f"{method} {path}: {status} {problem.get('detail', '')}{where}")
        self.status = status
        self.problem = problem


class Api:
    """One listener of penstockd. `token` is for those that ask for one ([http] tokens)."""

    def __init__(self, base: str, token: str = ""):
        self._base = base.rstrip("/")
        self._token = token

    def open(self, method: str, path: str, body=None, timeout_s: float = 10, **headers):
        request = urllib.request.Request(self._base + path, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if self._token:
            request.add_header("Authorization", f"Bearer {self._token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            return urllib.request.urlopen(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(method, path, error.code, _problem(error.read())) from None

    def call(self, method: str, path: str, body=None, **headers):
        """The JSON of the answer; None where it has none."""
        with self.open(method, path, body, **headers) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def get(self, path: str):
        return self.call("GET", path)

    def put(self, path: str, body: dict, **headers):
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, body: dict, **headers):
        return self.call("PATCH", path, body, **headers)

    def post(self, path: str, body=None):
        return self.call("POST", path, body)

    def delete(self, path: str) -> None:
        self.call("DELETE", path)


def _problem(body: bytes) -> dict:
    try:
        problem = json.loads(body)
        return problem if isinstance(problem, dict) else {"detail": str(problem)}
    except ValueError:
        return {"detail": body.decode(errors="replace")}


class Events:
    """Follows /v1/events on a thread of its own and hands each to `on_event(type, data)`.

    A broken stream is taken up again where it broke off, by Last-Event-ID. What Penstock no longer remembers, or a
    restart of it (another epoch), comes as the event "reset": then the model has to be read again.
    """

    _RETRY_S = 0.5
    _SILENCE_S = 60  # far longer than the server's keep-alive comments are apart

    def __init__(self, api: Api, room: str, on_event):
        self._api = api
        self._path = f"/v1/events?room={room}"
        self._on_event = on_event
        self._last_id = ""
        self._ended = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def end(self) -> None:
        """Hands over nothing more."""
        self._ended.set()

    def _follow(self) -> None:
        while not self._ended.is_set():
            resume = {"Last_Event_ID": self._last_id} if self._last_id else {}
            try:
                with self._api.open("GET", self._path, timeout_s=self._SILENCE_S, **resume) as stream:
                    self._read(stream)
            except (OSError, Refused) as error:
                if not self._ended.is_set():
                    self._on_event("lost", {"reason": str(error)})
            time.sleep(self._RETRY_S)

    def _read(self, stream) -> None:
        """An event is lines of "name: value" up to an empty one; a line that begins with a colon is a comment."""
        event: dict = {}
        for raw in stream:
            name, _, value = raw.decode().rstrip("\r\n").partition(":")
            if name:
                event[name] = value.removeprefix(" ")
            elif event and not value:
                self._last_id = event.get("id", self._last_id)
                if self._ended.is_set():
                    return
                self._on_event(event.get("event", ""), json.loads(event.get("data", "null")))
                event = {}
