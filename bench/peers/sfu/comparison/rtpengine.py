"""Debian's rtpengine in user space: RTP published once, subscribed to by each receiver; plain, or SRTP towards them."""

import base64
import os
import re
import secrets
import shutil
import socket

from . import bencode, place
from .server import Server, debian_version

NG_PORT = 22222


class Rtpengine(Server):
    name = "rtpengine"
    encrypts = False
    profile = "RTP/AVP"

    @classmethod
    def missing(cls, options):
        return None if shutil.which("rtpengine") else "rtpengine is not installed (apt-get install rtpengine-daemon)"

    def version(self):
        return debian_version("rtpengine-daemon")

    def command(self, scratch):
        return ["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--config-file=none",
                f"--interface={place.SERVER}", f"--listen-ng={place.SERVER}:{NG_PORT}", "--num-threads=1",
                "--port-min=20000", "--port-max=29999", f"--pidfile={scratch}/pid"]

    def answers(self):
        return self._ask(command="ping")["result"] == b"pong"

    def connect(self, media, case):
        opened = media.open("plain", case)
        targets = []
        for number, publisher in enumerate(opened["publishers"]):
            room = {"call-id": f"room-{number}", "from-tag": "publisher"}
            # It would strip VP8 from what it publishes if it were not told to take it.
            answer = self._ask(command="publish", sdp=self._description(publisher, "sendonly", "RTP/AVP"),
                               codec={"accept": ["VP8"]}, **room)
            targets.append(_media_endpoint(answer["sdp"].decode()))
            first = number * case.receivers_each
            for index, receiver in enumerate(opened["receivers"][first:first + case.receivers_each]):
                tags = {**room, "to-tag": f"receiver-{index}"}
                offer = self._ask(command="subscribe request", **{"transport-protocol": self.profile}, **tags)
                description = self._description(receiver, "recvonly", self.profile) + self._keys(offer["sdp"].decode())
                self._ask(command="subscribe answer", sdp=description, **tags)
        media.say("connect", publishers=targets)

    def _ask(self, **request):
        """RFC-less: a cookie, a space, a bencoded dictionary; the same back."""
        cookie = secrets.token_hex(8).encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ng:
            ng.settimeout(3)
            ng.sendto(cookie + b" " + bencode.encode(request), (place.SERVER, NG_PORT))
            answer = bencode.decode(ng.recv(65536)[len(cookie) + 1:])
        if answer["result"] == b"error":
            raise RuntimeError(f"rtpengine: {request['command']}: {answer.get('error-reason', b'').decode()}")
        return answer

    @staticmethod
    def _description(endpoint, direction, profile):
        address, port = endpoint.rsplit(":", 1)
        lines = ["v=0", f"o=- 1 1 IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0",
                 f"m=video {port} {profile} 96", "a=rtpmap:96 VP8/90000", f"a={direction}"]
        return "\r\n".join(lines) + "\r\n"

    def _keys(self, _offer):
        """What the answer to this offer says of encryption."""
        return ""


class RtpengineSrtp(Rtpengine):
    """Plain RTP in, SRTP out with a key per receiver (SDES, RFC 4568), AES-128-GCM. Receivers count packets, and do not
    look into them."""

    name = "rtpengine_srtp"
    encrypts = True
    profile = "RTP/SAVP"
    suite, key_and_salt_bytes = "AEAD_AES_128_GCM", 28

    def _keys(self, offer):
        tag = re.search(rf"^a=crypto:(\d+) {self.suite} ", offer, re.M).group(1)
        key = base64.b64encode(os.urandom(self.key_and_salt_bytes)).decode()
        return f"a=crypto:{tag} {self.suite} inline:{key}\r\n"


class RtpengineSrtpCm(RtpengineSrtp):
    """The same with AES-CM and HMAC-SHA1."""

    name = "rtpengine_srtp_cm"
    suite, key_and_salt_bytes = "AES_CM_128_HMAC_SHA1_80", 30


def _media_endpoint(description):
    port = re.search(r"^m=video (\d+)", description, re.M).group(1)
    address = re.search(r"^c=IN IP4 (\S+)", description, re.M).group(1)
    return f"{address}:{port}"
