"""The first file system of the machine: busybox, the modules that reach the host's files, and guest/init."""

from pathlib import Path

_DIRECTORY, _FILE = 0o040755, 0o100755


def write(target: Path, init: Path, busybox: Path, modules: list[Path]) -> None:
    """A cpio archive in the "newc" format (the kernel's driver-api/early-userspace/buffer-format.rst).

    `modules` are kept under numbered names, so that init loads them by globbing.
    """
    entries = [(name, _DIRECTORY, b"") for name in ("bin", "modules", "proc", "sys", "dev", "host", "scratch", "root")]
    entries.append(("bin/busybox", _FILE, busybox.read_bytes()))
    entries.append(("init", _FILE, init.read_bytes()))
    entries += [(f"modules/{number:02}-{path.name}", _FILE, path.read_bytes()) for number, path in enumerate(modules)]
    with open(target, "wb") as archive:
        for inode, (name, mode, data) in enumerate(entries, start=1):
            _write_entry(archive, inode, name, mode, data)
        _write_entry(archive, 0, "TRAILER!!!", 0, b"")


def _write_entry(archive, inode: int, name: str, mode: int, data: bytes) -> None:
    links = 2 if mode == _DIRECTORY else 1
    path = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(path), 0)
    archive.write(b"070701" + b"".join(b"%08X" % value for value in fields) + path)
    _pad(archive)
    archive.write(data)
    _pad(archive)


def _pad(archive) -> None:
    archive.write(b"\0" * (-archive.tell() % 4))
