"""QEMU, in software alone: a q35 board with an IOMMU, the network devices under test, and a client's beside them."""

import ctypes
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Every device hangs on one hub, so whatever the relay sends reaches the client, and the other way round.
_HUB = 0
_CLIENT_SLOT, _FIRST_RELAY_SLOT = 3, 4


@dataclass(frozen=True)
class Model:
    """A network device QEMU can be; `device` is the argument of its -device."""

    name: str
    device: str


# A virtio device only goes through the IOMMU if told so, and then it has to speak virtio 1.0.
MODELS = {model.name: model for model in (
    Model("virtio-net", "virtio-net-pci-non-transitional,iommu_platform=on"),
    Model("e1000e", "e1000e"),
    Model("vmxnet3", "vmxnet3"),
)}
# The guest's own way to the segment; not behind the IOMMU, which is nothing to test here.
_CLIENT = Model("client", "virtio-net-pci-non-transitional")


@dataclass(frozen=True)
class Nic:
    """A device in its place: both sides know it by the PCI address."""

    model: str
    pci_address: str
    mac: str

    @property
    def name(self) -> str:
        """QEMU's for it: nic04 in slot 4."""
        return "nic" + self.pci_address[8:10]

    @staticmethod
    def in_slot(model: str, slot: int) -> "Nic":
        return Nic(model, f"0000:00:{slot:02x}.0", f"52:54:00:00:00:{slot:02x}")

    def arguments(self) -> list[str]:
        device = MODELS.get(self.model, _CLIENT).device
        return ["-netdev", f"hubport,id=hub-{self.name},hubid={_HUB}",
                "-device", f"{device},id={self.name},netdev=hub-{self.name},addr={self.pci_address[8:]},mac={self.mac},"
                           "romfile="]


@dataclass(frozen=True)
class Machine:
    """What to boot. The guest sees the host's files read-only; `share` is the one directory it may write to."""

    kernel: Path
    initramfs: Path
    main: Path
    share: Path
    models: tuple[str, ...]
    accelerator: str = "tcg,thread=multi"
    cores: int = 2
    memory_mb: int = 1536
    huge_pages: int = 192

    @property
    def monitor(self) -> Path:
        return self.share / "monitor"

    @property
    def client(self) -> Nic:
        return Nic.in_slot(_CLIENT.name, _CLIENT_SLOT)

    @property
    def relays(self) -> list[Nic]:
        return [Nic.in_slot(model, slot) for slot, model in enumerate(self.models, start=_FIRST_RELAY_SLOT)]

    def command(self) -> list[str]:
        # 48 bits, as server processors have: with fewer DPDK needs physical addresses, and for them CAP_SYS_ADMIN.
        kernel_line = " ".join([
            "console=ttyS0", "loglevel=4", "panic=-1", "no_timer_check", "nokaslr", "mitigations=off", "nowatchdog",
            "intel_iommu=on", f"hugepages={self.huge_pages}", f"machine.main={self.main}"])
        command = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-machine", "q35,kernel-irqchip=split", "-accel", self.accelerator, "-cpu", "max",
            "-smp", str(self.cores), "-m", str(self.memory_mb),
            "-device", "intel-iommu,intremap=on,caching-mode=on,aw-bits=48",
            "-serial", "stdio", "-qmp", f"unix:{self.monitor},server=on,wait=off",
            "-kernel", str(self.kernel), "-initrd", str(self.initramfs), "-append", kernel_line,
            "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=root",
            "-fsdev", f"local,id=share,path={self.share},security_model=none",
            "-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]
        for nic in (self.client, *self.relays):
            command += nic.arguments()
        return command


def _die_with_parent() -> None:
    """Runs in the child before exec: SIGKILL follows if the run itself is killed (PR_SET_PDEATHSIG = 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run(machine: Machine, timeout_s: float, console: Path, on_line) -> None:
    """Boots, hands every line of the console to `on_line` and keeps it in `console`; TimeoutError after `timeout_s`."""
    process = subprocess.Popen(machine.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
    expired = []

    def expire(*_):
        expired.append(True)
        process.kill()

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with open(console, "wb") as kept:
            for line in process.stdout:
                kept.write(line)
                kept.flush()
                on_line(line.decode(errors="replace").rstrip())
        process.wait()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        process.kill()
        process.wait()
    if expired:
        raise TimeoutError(f"the machine was still running after {timeout_s:.0f} s")
