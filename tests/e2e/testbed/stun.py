"""As much of STUN (RFC 8489) and TURN (RFC 8656) on the wire as a client needs that may also misbehave."""

import hashlib
import hmac
import ipaddress
import os
import struct
import zlib
from dataclasses import dataclass

MAGIC_COOKIE = 0x2112A442

BINDING, ALLOCATE, REFRESH, SEND, DATA, CREATE_PERMISSION, CHANNEL_BIND = 1, 3, 4, 6, 7, 8, 9
REQUEST, INDICATION, SUCCESS, ERROR = 0x000, 0x010, 0x100, 0x110

USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, REALM, NONCE = 0x0006, 0x0008, 0x0009, 0x0014, 0x0015
CHANNEL_NUMBER, LIFETIME, XOR_PEER_ADDRESS, PAYLOAD = 0x000C, 0x000D, 0x0012, 0x0013
XOR_RELAYED_ADDRESS, REQUESTED_ADDRESS_FAMILY, EVEN_PORT, REQUESTED_TRANSPORT = 0x0016, 0x0017, 0x0018, 0x0019
MESSAGE_INTEGRITY_SHA256, PASSWORD_ALGORITHM, USERHASH, PASSWORD_ALGORITHMS = 0x001C, 0x001D, 0x001E, 0x8002
DONT_FRAGMENT, XOR_MAPPED_ADDRESS, RESERVATION_TOKEN, FINGERPRINT, ICMP = 0x001A, 0x0020, 0x0022, 0x8028, 0x8004

UDP = bytes([17, 0, 0, 0])
SHA256 = bytes([0, 2, 0, 0])
FAMILY_IPV4, FAMILY_IPV6 = bytes([1, 0, 0, 0]), bytes([2, 0, 0, 0])


@dataclass(frozen=True)
class Message:
    """A parsed message; `raw` is the datagram it was."""

    method: int
    kind: int
    transaction: bytes
    attributes: tuple[tuple[int, bytes], ...]
    raw: bytes

    def get(self, attribute: int) -> bytes | None:
        return next((value for kind, value in self.attributes if kind == attribute), None)

    @property
    def succeeded(self) -> bool:
        return self.kind == SUCCESS

    @property
    def error(self) -> int:
        """The error code of an error response, 0 of anything else."""
        value = self.get(ERROR_CODE)
        return (value[2] & 7) * 100 + value[3] if value else 0

    def address(self, attribute: int) -> tuple[str, int] | None:
        value = self.get(attribute)
        return decode_address(value, self.transaction) if value else None


def long_term_key(user: str, realm: str, password: str) -> bytes:
    """RFC 8489 section 9.2.2, MD5."""
    return hashlib.md5(f"{user}:{realm}:{password}".encode()).digest()


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def encode_address(address: str, port: int, transaction: bytes) -> bytes:
    """The value of an XOR-...-ADDRESS attribute (RFC 8489 section 14.2)."""
    ip = ipaddress.ip_address(address)
    pad = struct.pack("!I", MAGIC_COOKIE) + transaction
    masked = bytes(byte ^ mask for byte, mask in zip(ip.packed, pad))
    return struct.pack("!BBH", 0, 1 if ip.version == 4 else 2, port ^ (MAGIC_COOKIE >> 16)) + masked


def decode_address(value: bytes, transaction: bytes) -> tuple[str, int]:
    pad = struct.pack("!I", MAGIC_COOKIE) + transaction
    port = struct.unpack("!H", value[2:4])[0] ^ (MAGIC_COOKIE >> 16)
    return str(ipaddress.ip_address(bytes(byte ^ mask for byte, mask in zip(value[4:], pad)))), port


def encode(method: int, kind: int, attributes=(), key: bytes | None = None, transaction: bytes | None = None,
           fingerprint: bool = False, digest=hashlib.sha1) -> bytes:
    """A message. With a key it ends in MESSAGE-INTEGRITY, or given digest=sha256 in MESSAGE-INTEGRITY-SHA256.

    An attribute's value may be a function of the transaction id, for addresses are masked with it.
    """
    transaction = transaction or os.urandom(12)
    body = b"".join(attribute(name, value(transaction) if callable(value) else value) for name, value in attributes)

    def header(length: int) -> bytes:
        return struct.pack("!HHI", method | kind, length, MAGIC_COOKIE) + transaction

    if key is not None:
        size = digest().digest_size
        name = MESSAGE_INTEGRITY if digest is hashlib.sha1 else MESSAGE_INTEGRITY_SHA256
        body += attribute(name, hmac.new(key, header(len(body) + 4 + size) + body, digest).digest())
    if fingerprint:
        checksum = zlib.crc32(header(len(body) + 8) + body) ^ 0x5354554E
        body += attribute(FINGERPRINT, struct.pack("!I", checksum))
    return header(len(body)) + body


def decode(datagram: bytes) -> Message:
    kind, length, cookie = struct.unpack("!HHI", datagram[:8])
    assert cookie == MAGIC_COOKIE and length == len(datagram) - 20, f"not a STUN message: {datagram.hex()}"
    attributes, position = [], 20
    while position < len(datagram):
        name, size = struct.unpack("!HH", datagram[position:position + 4])
        attributes.append((name, datagram[position + 4:position + 4 + size]))
        position += 4 + size + -size % 4
    return Message(kind & ~0x110, kind & 0x110, datagram[8:20], tuple(attributes), datagram)


def integrity_holds(message: Message, key: bytes) -> bool:
    """Whether the message carries a MESSAGE-INTEGRITY of either kind, and it is right."""
    position = 20
    for name, value in message.attributes:
        if name in (MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256):
            length = struct.pack("!H", position + 4 + len(value) - 20)
            covered = message.raw[:2] + length + message.raw[4:position]
            digest = hashlib.sha1 if name == MESSAGE_INTEGRITY else hashlib.sha256
            return hmac.compare_digest(hmac.new(key, covered, digest).digest(), value)
        position += 4 + len(value) + -len(value) % 4
    return False


def peer_address(address: str, port: int):
    """An XOR-PEER-ADDRESS attribute for encode()."""
    return XOR_PEER_ADDRESS, lambda transaction: encode_address(address, port, transaction)


def channel_number(number: int):
    return CHANNEL_NUMBER, struct.pack("!HH", number, 0)


def lifetime(seconds: int):
    return LIFETIME, struct.pack("!I", seconds)


def channel_data(number: int, payload: bytes) -> bytes:
    return struct.pack("!HH", number, len(payload)) + payload
