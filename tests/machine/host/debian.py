"""Debian's kernel and dpdk-testpmd, unpacked into a cache directory: nothing of them is installed on the host."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "modprobe": "kmod", "depmod": "kmod",
         "turnutils_uclient": "coturn", "nsenter": "util-linux", "ip": "iproute2", "ping": "iputils-ping"}
_SBIN = "/usr/sbin:/sbin"


class MissingError(RuntimeError):
    """Something the host has to have first; the message says how to get it."""


@dataclass(frozen=True)
class Unpacked:
    """The packages' files below one root, as they would lie on a disk."""

    root: Path
    release: str

    @property
    def kernel(self) -> Path:
        return self.root / "boot" / f"vmlinuz-{self.release}"

    @property
    def testpmd(self) -> Path:
        return self.root / "usr/bin/dpdk-testpmd"

    def modules(self, *names: str) -> list[Path]:
        """The files of these modules and of all they need, in the order to load them."""
        files = []
        for name in names:
            shown = _run("modprobe", "-d", str(self.root), "-S", self.release, "--show-depends", name)
            for line in shown.splitlines():
                verb, _, path = line.strip().partition(" ")
                if verb == "insmod" and Path(path) not in files:
                    files.append(Path(path))
        return files


def require_tools() -> None:
    missing = sorted({package for tool, package in TOOLS.items() if not which(tool)})
    if missing:
        raise MissingError(f"apt-get install --no-install-recommends {' '.join(missing)}")


def unpack(cache: Path) -> Unpacked:
    """Downloads what the cache lacks. The kernel is the one linux-image-amd64 names today, with every driver in it."""
    release = re.search(r"Depends: linux-image-(\S+)", _run("apt-cache", "depends", "linux-image-amd64"))
    if not release:
        raise MissingError("apt knows no linux-image-amd64: run apt-get update")
    unpacked = Unpacked(cache / release[1], release[1])
    if not (unpacked.root / "complete").exists():
        _fill(unpacked)
    return unpacked


def _fill(unpacked: Unpacked) -> None:
    shutil.rmtree(unpacked.root, ignore_errors=True)
    archives = unpacked.root / "archives"
    archives.mkdir(parents=True)
    _run("apt-get", "download", "-q", f"linux-image-{unpacked.release}", "dpdk-dev", cwd=archives)
    for archive in archives.glob("*.deb"):
        _run("dpkg-deb", "--extract", str(archive), str(unpacked.root))
    shutil.rmtree(archives)
    _run("depmod", "-b", str(unpacked.root), unpacked.release)
    (unpacked.root / "complete").touch()


def which(tool: str) -> str | None:
    return shutil.which(tool) or shutil.which(tool, path=_SBIN)


def _run(tool: str, *arguments: str, cwd: Path | None = None) -> str:
    result = subprocess.run([which(tool) or tool, *arguments], capture_output=True, text=True, timeout=600, check=False,
                            cwd=cwd)
    if result.returncode != 0:
        raise MissingError(f"'{tool} {' '.join(arguments)}' failed: {result.stderr.strip()}")
    return result.stdout
