"""QEMU's monitor (QMP): what is done to a device from outside, when the guest asks for it on its console."""

import json
import re
import socket
from pathlib import Path

# The one thing the guest may ask for: pull a device's cable, or plug it in again.
_REQUEST = re.compile(r"machine: link of (nic\d\d) (on|off)$")


def obey(monitor: Path, line: str) -> bool:
    """Does what a line of the console asks for, if it asks for anything. True: it did, and was done."""
    request = _REQUEST.search(line)
    if not request:
        return False
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(monitor))
        stream = client.makefile("rw")
        _answer(stream)  # the greeting
        _execute(stream, "qmp_capabilities")
        _execute(stream, "set_link", name=request[1], up=request[2] == "on")
    return True


def _execute(stream, command: str, **arguments) -> None:
    stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    stream.flush()
    answer = _answer(stream)
    if "error" in answer:
        raise RuntimeError(f"QEMU refuses {command}: {answer['error'].get('desc')}")


def _answer(stream) -> dict:
    """The next line that is not an event."""
    while line := stream.readline():
        answer = json.loads(line)
        if "event" not in answer:
            return answer
    raise RuntimeError("QEMU closed its monitor")
