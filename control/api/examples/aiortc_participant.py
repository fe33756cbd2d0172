"""A participant on aiortc, and what its SDP is worth to the control API.

Penstock's API has no SDP in it: a signaling server takes ICE, DTLS and media parameters out of an offer, in whatever
form its clients have them, and tells the client what Penstock answered. Browsers have other traits than aiortc; those
of both are marked here.
"""

import asyncio
import threading

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import MediaDescription, SessionDescription
from generated_media import Picture, Tone, hue_of

_CODEC = {"audio": "opus", "video": "VP8"}  # what Penstock forwards; an offer may list more
_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
# aiortc gives one extension id two meanings, in audio and in video sections, and then reads all packets of the
# transport by the later one; so of the extensions it offers for audio only the MID is taken. A browser has one meaning
# per id: take all.
_EXTENSIONS = {"audio": {_MID}, "video": {_MID, _SEND_TIME}}


class Participant:
    """Publishes a picture and a tone, and receives those of the others, a pair of m-sections for each of them."""

    def __init__(self, name: str, hue: int, others: list[str]):
        self.name = name
        self.frames = {(other, kind): 0 for other in others for kind in ("audio", "video")}
        self.hues: dict[str, int] = {}
        self._receiving = {}  # (other, kind) -> transceiver
        self._tasks: list[asyncio.Task] = []
        self._offer = _run(self._make_offer(hue))

    async def _make_offer(self, hue: int) -> SessionDescription:
        self._peer = RTCPeerConnection()
        self._peer.addTransceiver(Tone(220 + 2 * hue), direction="sendonly")
        self._peer.addTransceiver(Picture(hue), direction="sendonly")
        for other, kind in self.frames:
            self._receiving[other, kind] = self._peer.addTransceiver(kind, direction="recvonly")
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return SessionDescription.parse(self._peer.localDescription.sdp)

    def endpoint(self) -> dict:
        """The body of PUT /v1/rooms/{room}/endpoints/{endpoint}."""
        # Under BUNDLE the first section's transport is everybody's. (aiortc has other credentials in each section.)
        first = self._offer.media[0]
        return {
            "ice_ufrag": first.ice.usernameFragment, "ice_pwd": first.ice.password,
            "dtls_role": "auto",  # a=setup:actpass; Penstock then is the server
            "fingerprints": [{"hash": f.algorithm, "value": f.value} for f in first.dtls.fingerprints],
            # A browser's simulcast would have one encoding per RID here, the lowest first.
            "tracks": {media.kind: _negotiated(media) | {"encodings": [_encoding(media)]}
                       for media in self._offer.media if media.direction == "sendonly"},
        }

    def subscriptions(self) -> dict[str, dict]:
        """Bodies of PUT .../subscriptions/{subscription} by id: one per section that receives."""
        sections = {media.rtp.muxId: media for media in self._offer.media}
        return {f"{other}.{kind}": _negotiated(sections[receiver.mid]) | {"track": {"endpoint": other, "track": kind}}
                for (other, kind), receiver in self._receiving.items()}

    def answer(self, local: dict, ssrcs: dict[str, tuple[int, int | None]]) -> None:
        """`local`: that member of the endpoint, Penstock's side. `ssrcs`: (media, retransmissions) by subscription."""
        of_mid = {receiver.mid: ssrcs[f"{other}.{kind}"] for (other, kind), receiver in self._receiving.items()}
        lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite",
                 "a=group:BUNDLE " + " ".join(media.rtp.muxId for media in self._offer.media)]
        for media in self._offer.media:
            lines += _answered(media, local, of_mid.get(media.rtp.muxId))
        _run(self._take(RTCSessionDescription("\r\n".join(lines) + "\r\n", "answer")))

    async def _take(self, answer: RTCSessionDescription) -> None:
        await self._peer.setRemoteDescription(answer)
        self._tasks = [asyncio.ensure_future(self._receive(other, kind, receiver.receiver.track))
                       for (other, kind), receiver in self._receiving.items()]

    async def _receive(self, other: str, kind: str, track) -> None:
        try:
            while True:
                frame = await track.recv()
                self.frames[other, kind] += 1
                if kind == "video":
                    self.hues[other] = hue_of(frame)
        except MediaStreamError:
            pass  # the end

    def close(self) -> None:
        _run(self._close())

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._peer.close()


# aiortc lives in an asyncio loop on a thread of its own, so that signaling can be written without `async`.
_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, daemon=True).start()


def _run(coroutine, timeout_s: float = 30):
    return asyncio.run_coroutine_threadsafe(coroutine, _loop).result(timeout_s)


def _negotiated(media: MediaDescription) -> dict:
    """What tracks and subscriptions have in common."""
    codec, repair = _codecs(media)
    codecs = [{"name": _CODEC[media.kind], "payload_type": codec.payloadType}]
    if repair:
        codecs.append({"name": "rtx", "payload_type": repair.payloadType,
                       "associated_payload_type": codec.payloadType})
    offered = {" ".join(filter(None, (f.type, f.parameter))) for f in codec.rtcpFeedback}
    return {"kind": media.kind, "mid": media.rtp.muxId, "codecs": codecs,
            "extensions": [{"uri": e.uri, "id": e.id} for e in _extensions(media)],
            "feedback": {"nack": "nack" in offered, "pli": "nack pli" in offered, "remb": "goog-remb" in offered}}


def _codecs(media: MediaDescription) -> tuple:
    """The codec that Penstock forwards, and its retransmission format (None: there is none)."""
    codec = next(c for c in media.rtp.codecs if c.name.lower() == _CODEC[media.kind].lower())
    return codec, next((c for c in media.rtp.codecs if c.parameters.get("apt") == codec.payloadType), None)


def _extensions(media: MediaDescription) -> list:
    return [e for e in media.rtp.headerExtensions if e.uri in _EXTENSIONS[media.kind]]


def _encoding(media: MediaDescription) -> dict:
    ssrcs = media.ssrc_group[0].items if media.ssrc_group else [media.ssrc[0].ssrc]
    return dict(zip(("ssrc", "rtx_ssrc"), ssrcs))


def _answered(media: MediaDescription, local: dict, ssrcs: tuple | None) -> list[str]:
    """One m-section of the answer, from what the API said."""
    codec, repair = _codecs(media)
    formats = [codec] + ([repair] if repair else [])
    lines = [f"m={media.kind} 9 UDP/TLS/RTP/SAVPF " + " ".join(str(c.payloadType) for c in formats),
             "c=IN IP4 0.0.0.0", f"a=mid:{media.rtp.muxId}", "a=rtcp-mux",
             f"a=ice-ufrag:{local['ice_ufrag']}", f"a=ice-pwd:{local['ice_pwd']}",
             f"a=setup:{local['dtls_role']}",
             *(f"a=fingerprint:{f['hash']} {f['value']}" for f in local["fingerprints"]),
             *(f"a=candidate:{c['foundation']} {c['component']} {c['protocol']} {c['priority']} {c['address']} "
               f"{c['port']} typ {c['type']}" for c in local["candidates"]),
             *(f"a=extmap:{e.id} {e.uri}" for e in _extensions(media))]
    for c in formats:
        lines.append(f"a=rtpmap:{c.payloadType} {c}")
        lines += [f"a=rtcp-fb:{c.payloadType} {f.type} {f.parameter or ''}".rstrip() for f in c.rtcpFeedback]
    if repair:
        lines.append(f"a=fmtp:{repair.payloadType} apt={codec.payloadType}")
    if ssrcs is None:
        return lines + ["a=recvonly"]
    lines.append("a=sendonly")
    known = [str(ssrc) for ssrc in ssrcs if ssrc]
    if len(known) == 2:
        lines.append("a=ssrc-group:FID " + " ".join(known))
    return lines + [f"a=ssrc:{ssrc} cname:{local['cname']}" for ssrc in known]
