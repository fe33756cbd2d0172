"""A PCI device changes its driver, as an operator would have it done (Documentation/ABI/testing/sysfs-bus-pci)."""

import os
import subprocess
import time
from pathlib import Path

_BUS = Path("/sys/bus/pci")


def load(module: str) -> None:
    subprocess.run(["modprobe", module], check=True, timeout=60)


def driver(address: str) -> str | None:
    link = _BUS / "devices" / address / "driver"
    return os.path.basename(os.readlink(link)) if link.exists() else None


def bind(address: str, wanted: str) -> None:
    """Takes the device from whatever driver holds it, for `wanted`; RuntimeError if that will not have it."""
    if driver(address) == wanted:
        return
    device = _BUS / "devices" / address
    (device / "driver_override").write_text(wanted + "\n", encoding="ascii")
    release(address)
    (_BUS / "drivers_probe").write_text(address, encoding="ascii")
    if driver(address) != wanted:
        raise RuntimeError(f"{address} has driver {driver(address)}, not {wanted}; see the machine's dmesg")


def release(address: str) -> None:
    """Nobody's from now on, so whatever a driver made of the device is gone."""
    if driver(address):
        (_BUS / "devices" / address / "driver/unbind").write_text(address, encoding="ascii")


def let_through(address: str) -> None:
    """The IOMMU passes the device's accesses on as they are (ABI/testing/sysfs-kernel-iommu_groups)."""
    _set_domain(address, "identity")


def hold_back(address: str) -> None:
    """The device reaches only what its driver mapped."""
    _set_domain(address, "DMA")


def _set_domain(address: str, kind: str) -> None:
    release(address)
    domain = _BUS / "devices" / address / "iommu_group/type"
    if domain.read_text(encoding="ascii").strip() != kind:
        domain.write_text(kind + "\n", encoding="ascii")


def group_file(address: str) -> Path:
    """Whoever may open this may use the device, and every other one of its IOMMU group."""
    return Path("/dev/vfio") / os.path.basename(os.readlink(_BUS / "devices" / address / "iommu_group"))


def interface(address: str, timeout_s: float = 10) -> str:
    """The name of the network interface that the kernel's driver made of the device."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        names = list((_BUS / "devices" / address).glob("**/net/*"))
        if names:
            return names[0].name
        time.sleep(0.1)
    raise TimeoutError(f"{address} (driver {driver(address)}) became no interface within {timeout_s} s")
