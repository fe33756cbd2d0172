"""The Debian root that the roles are applied to."""

import os
import shutil
import subprocess
from pathlib import Path

DEPLOY = Path(os.environ["PENSTOCK_DEPLOY"])
BINARIES = Path(os.environ["PENSTOCK_BIN"])
REPOSITORY = Path(__file__).parents[3]
SYSTEMD = REPOSITORY / "systemd"
APPLIED = DEPLOY / "applied"


def unpack() -> Path:
    """A fresh root, without anything of ours in it, where the applied one is to be."""
    shutil.rmtree(APPLIED, ignore_errors=True)
    APPLIED.mkdir(parents=True)
    subprocess.run(["tar", "-C", APPLIED, "-xf", DEPLOY / "root.tar.zst"], check=True)
    policy = APPLIED / "usr/sbin/policy-rc.d"  # apt starts nothing in there
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", APPLIED / "etc/resolv.conf")
    return mount(APPLIED)


def mount(root: Path) -> Path:
    """With /proc, by which programs see that they are in a chroot, and /sys, by which DPDK finds the cores. Unmounted
    with the mount namespace."""
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "-t", "sysfs", "-o", "ro", "sysfs", root / "sys"], check=True)
    return root


def chroot(root: Path, *command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(["chroot", root, *command], text=True, capture_output=True, timeout=60, **options)
