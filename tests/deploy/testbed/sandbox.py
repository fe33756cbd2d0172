"""Runs a unit's ExecStart in what matters of its sandbox, where no systemd runs: user, capabilities, system calls, socket
families, devices, a read-only root, limits. Started as a program of its own: sandbox.py ROOT CONFIG UNIT [DROP-IN ...]"""

import ctypes
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import seccomp

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_KEEPCAPS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 24, 47, 2
CAPABILITIES = {"CAP_NET_BIND_SERVICE": 10, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_IPC_LOCK": 14,
                "CAP_SYS_ADMIN": 21, "CAP_BPF": 39}
LAST_CAPABILITY = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
USER = 64123
PSEUDO_DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]  # what DevicePolicy=closed leaves
PROT_WRITE, PROT_EXEC = 2, 4


class Unit:
    """The settings of a unit and its drop-ins; assignments add up, and an empty one forgets those before."""

    def __init__(self, files):
        self.settings = {}
        for line in "\n".join(Path(file).read_text() for file in files).splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.settings[name] = [*self.settings.get(name, []), value] if value else []

    def words(self, name: str) -> list[str]:
        return " ".join(self.settings.get(name, [])).split()

    def last(self, name: str, default: str = "") -> str:
        return (self.settings.get(name) or [default])[-1]

    def yes(self, name: str) -> bool:
        return self.last(name) == "yes"


def check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(*arguments) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def build_root(root: Path, unit: Unit) -> None:
    """/dev with the pseudo devices and what DeviceAllow= names; everything read-only but the directories of the unit."""
    mount("--rbind", root, root)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "dev")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root / "tmp")  # PrivateTmp=
    allowed = [Path(word).name for word in unit.words("DeviceAllow") if word.startswith("/dev/net/")]
    for name in [*PSEUDO_DEVICES, *(f"net/{device}" for device in allowed)]:
        device = root / "dev" / name
        device.parent.mkdir(exist_ok=True)
        device.touch()
        mount("--bind", f"/dev/{name}", device)
    for name in unit.words("RuntimeDirectory"):  # made anew at each start
        directory = root / "run" / name
        directory.mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", f"mode=750,uid={USER},gid={USER}", "tmpfs", directory)
    for name in unit.words("LogsDirectory"):
        directory = root / "var/log" / name
        directory.mkdir(mode=0o750, exist_ok=True)
        os.chown(directory, USER, USER)
        mount("--bind", directory, directory)
    mount("-o", "remount,ro,bind", root)


def set_limits(unit: Unit) -> None:
    for setting, which in (("LimitNOFILE", resource.RLIMIT_NOFILE), ("LimitMEMLOCK", resource.RLIMIT_MEMLOCK)):
        text = unit.last(setting, "8388608")  # systemd's own default for memlock
        wanted = resource.RLIM_INFINITY if text == "infinity" else int(text)
        hard = resource.getrlimit(which)[1]
        if hard != resource.RLIM_INFINITY:  # a container may not raise it, as systemd would not either
            wanted = hard if wanted == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (wanted, wanted))


def enter_private_users() -> None:
    """PrivateUsers=: a user namespace in which only root and the user exist, so that capabilities are good for nothing."""
    ready, go = os.pipe(), os.pipe()
    inside = os.getpid()
    if os.fork() == 0:  # stays outside, where the maps are written
        os.read(ready[0], 1)
        for kind in ("uid", "gid"):
            Path(f"/proc/{inside}/{kind}_map").write_text(f"0 0 1\n{USER} {USER} 1\n")
        os.write(go[1], b"x")
        os._exit(0)
    check(LIBC.unshare(0x10000000))  # CLONE_NEWUSER
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os.wait()


def become_user(unit: Unit) -> None:
    # Where RLIMIT_MEMLOCK cannot be raised, CAP_IPC_LOCK does what LimitMEMLOCK=infinity says.
    unlimited = unit.last("LimitMEMLOCK") == "infinity"
    locked = unlimited and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY
    extra = ["CAP_IPC_LOCK"] if locked else []
    keep = [CAPABILITIES[word] for word in unit.words("CapabilityBoundingSet") + extra]
    ambient = [CAPABILITIES[word] for word in unit.words("AmbientCapabilities") + extra]
    for capability in range(LAST_CAPABILITY + 1):
        if capability not in keep:
            check(LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
    check(LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    set_capabilities(ambient)
    for capability in ambient:
        check(LIBC.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def set_capabilities(capabilities: list[int]) -> None:
    """Effective, permitted, inheritable (capset(2), version 3)."""
    mask = sum(1 << capability for capability in capabilities)
    halves = [word for shift in (0, 32) for word in [mask >> shift & 0xFFFFFFFF] * 3]
    check(LIBC.capset(ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0)), ctypes.byref((ctypes.c_uint32 * 6)(*halves))))


def system_calls(unit: Unit) -> set[str]:
    """SystemCallFilter=, as an allow list."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True)
    sets, current = {}, None
    for line in listed.stdout.splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), [])
        elif current is not None and line.strip() and not line.strip().startswith("#"):
            current.append(line.strip())

    def expand(word):
        return set().union(*map(expand, sets[word])) if word.startswith("@") else {word}

    allowed = expand("@default")
    for line in unit.settings["SystemCallFilter"]:
        words = set().union(*map(expand, line.lstrip("~").split()))
        allowed = allowed - words if line.startswith("~") else allowed | words
    return allowed | {"execve"}


def filter_system_calls(unit: Unit) -> None:
    no_wx = seccomp.SyscallFilter(seccomp.ALLOW)
    no_wx.add_rule(seccomp.ERRNO(1), "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC))
    no_wx.add_rule(seccomp.ERRNO(1), "mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, PROT_EXEC))
    allow = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in system_calls(unit) - {"socket"}:
        try:
            allow.add_rule(seccomp.ALLOW, name)
        except (RuntimeError, OSError, ValueError):
            pass  # of another architecture
    families = {"AF_XDP": 44}
    for word in unit.words("RestrictAddressFamilies"):
        allow.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, families.get(word) or getattr(socket, word)))
    if unit.yes("MemoryDenyWriteExecute"):
        no_wx.load()
    allow.load()


def main(root: str, config: str, *files: str) -> None:
    unit = Unit(files)
    command = next(value for value in unit.settings["ExecStart"]).split()
    command[command.index("--config") + 1] = config
    build_root(Path(root), unit)
    set_limits(unit)
    if unit.yes("PrivateUsers"):
        enter_private_users()
    os.chroot(root)
    os.chdir("/")
    os.umask(0o027)
    become_user(unit)
    filter_system_calls(unit)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
