"""DPDK alone: dpdk-testpmd takes the device through vfio and answers ARP and echo requests itself."""

import re
import subprocess
import time
from pathlib import Path

import pci
import pinging
import place
from report import Case, Report


def run(report: Report, case: Case, address: str, program: Path) -> None:
    pci.bind(address, "vfio-pci")
    command = [str(program), "-l", "0,1", "-n", "1", "--in-memory", "-a", address, "--",
               "-i", "--auto-start", "--forward-mode=icmpecho", "--total-num-mbufs=4096"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        try:
            time.sleep(8)
            unanswered = pinging.lost(place.CLIENT, place.RELAY.ipv4)
            output, _ = process.communicate("show port info 0\nshow port stats 0\nstop\nquit\n", timeout=60)
        finally:
            process.kill()
    report.log(case, "testpmd", output)
    case.facts["driver"] = _find(r"Driver name: (\S+)", output)
    received, sent = _find(r"RX-packets: (\d+)", output), _find(r"TX-packets: (\d+)", output)
    case.facts["packets"] = f"received {received}, sent {sent}"
    case.check("ping", unanswered == 0, f"{unanswered} lost")
    case.check("forwards", int(received or 0) > 0 and int(sent or 0) > 0, case.facts["packets"])


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""
