"""coturn's turnutils_uclient: several runs side by side, judged by what they count, never by exit code."""

import re
from dataclasses import dataclass

from testbed.network import Host
from testbed.process import Process


@dataclass(frozen=True)
class Verdict:
    """The sums at the end of the output. None where the program never came that far."""

    sent: int | None
    received: int | None
    lost: int | None
    output: str

    @property
    def perfect(self) -> bool:
        return bool(self.sent) and self.sent == self.received and self.lost == 0

    def __str__(self):
        return f"sent {self.sent}, received {self.received}, lost {self.lost}\n{self.output[-1500:]}"


def _number(pattern: str, text: str) -> int | None:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else None


def parse(output: str) -> Verdict:
    """The last 'start_mclient: tot_send_msgs' line has no 'msz=': it is the sum over all clients."""
    return Verdict(sent=_number(r"start_mclient: tot_send_msgs=(\d+)", output),
                   received=_number(r"start_mclient: tot_send_msgs=\d+, tot_recv_msgs=(\d+)", output),
                   lost=_number(r"Total lost packets (-?\d+)", output), output=output)


def start(host: Host, server: str, user: str, password: str, *arguments: str) -> Process:
    return Process(host, "turnutils_uclient", "-u", user, "-w", password, *arguments, server)


def run_all(host: Host, server: str, user: str, password: str, modes: dict[str, list[str]],
            timeout_s: float = 45) -> dict[str, Verdict]:
    """Runs every mode at the same time, each in its own process; a mode's value is its extra arguments.

    A mode may name another server by a trailing 'server=ADDRESS'.
    """
    processes = {}
    try:
        for mode, arguments in modes.items():
            target = server
            if arguments and arguments[-1].startswith("server="):
                *arguments, last = arguments
                target = last.removeprefix("server=")
            processes[mode] = start(host, target, user, password, *arguments)
        verdicts = {}
        for mode, process in processes.items():
            try:
                process.wait(timeout_s)
            except TimeoutError:
                pass  # the missing sums below say so
            verdicts[mode] = parse(process.output())
        return verdicts
    finally:
        for process in processes.values():
            process.stop(grace_s=0)
