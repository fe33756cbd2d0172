"""The control API (/v1) as a signaling server uses it, from inside a host."""

import http.client
import json
import socket
import threading
from dataclasses import dataclass

from testbed.network import Host


class ApiError(RuntimeError):
    """An answer that is not 2xx; `problem` is its RFC 9457 body."""

    def __init__(self, method: str, path: str, status: int, problem: dict):
        super().__init__(f"{method} {path}: {status} {json.dumps(problem)}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body) if self.body else None


class RoomsApi:
    """Requests of JSON to one listener. Each opens a connection of its own."""

    def __init__(self, host: Host, address: str, port: int):
        self._host = host
        self._address = address
        self._port = port

    def connect(self) -> socket.socket:
        """A bare connection, for what no HTTP client would send."""
        with self._host.entered():
            return socket.create_connection((self._address, self._port), timeout=10)

    def request(self, method: str, path: str, body: bytes | None = None, **headers) -> Answer:
        """Whatever comes back, unjudged."""
        connection = http.client.HTTPConnection(self._address, self._port, timeout=10)
        connection.sock = self.connect()
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def call(self, method: str, path: str, body=None):
        """The JSON of the answer, or ApiError."""
        headers = {} if body is None else {"Content_Type": "application/json"}
        answer = self.request(method, path, None if body is None else json.dumps(body).encode(), **headers)
        if not 200 <= answer.status < 300:
            try:
                problem = answer.json()
            except ValueError:
                problem = {"body": answer.body.decode(errors="replace")}
            raise ApiError(method, path, answer.status, problem)
        return answer.json()

    def get(self, path: str):
        return self.call("GET", path)

    def put(self, path: str, body: dict):
        return self.call("PUT", path, body)

    def patch(self, path: str, body: dict):
        return self.call("PATCH", path, body)

    def delete(self, path: str) -> None:
        self.call("DELETE", path)

    def events(self, last_event_id: str = "") -> "Events":
        return Events(self.connect(), f"{self._address}:{self._port}", last_event_id)


def events_request(authority: str, last_event_id: str = "") -> bytes:
    head = ["GET /v1/events HTTP/1.1", f"Host: {authority}", "Accept: text/event-stream"]
    if last_event_id:
        head.append(f"Last-Event-ID: {last_event_id}")
    return ("\r\n".join(head) + "\r\n\r\n").encode()


class Events:
    """Server-sent events, kept as they come; `with` or close() ends the stream."""

    def __init__(self, connection: socket.socket, authority: str, last_event_id: str):
        self.seen: list[dict] = []
        self._socket = connection
        connection.sendall(events_request(authority, last_event_id))
        self._socket.settimeout(None)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        response = http.client.HTTPResponse(self._socket)
        try:
            response.begin()
            event: dict = {}
            for raw in iter(response.readline, b""):
                line = raw.decode().rstrip("\r\n")
                if not line and event:
                    self.seen.append(event)
                    event = {}
                name, colon, value = line.partition(":")
                if name and colon:
                    value = value.removeprefix(" ")
                    event[name] = json.loads(value) if name == "data" else value
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed from either side

    def of_type(self, kind: str) -> list[dict]:
        """The data of every event of that type so far."""
        return [event["data"] for event in list(self.seen) if event.get("event") == kind]

    def last_id(self) -> str:
        return next((event["id"] for event in reversed(self.seen) if "id" in event), "")

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
