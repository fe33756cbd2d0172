#!/usr/bin/python3
"""GStreamer's webrtcbin over WHIP and WHEP: `gstreamer_peer.py publish|watch URL`.

Publishes a test picture and tone, or decodes what comes and prints "video" and "audio" for each buffer. Runs until
SIGTERM, then deletes the session. Version 1.22 sends no header extensions, takes SRTP_AES128_CM_SHA1_80 alone and shows
an RSA certificate; its libnice speaks from no loopback address.
"""

import signal
import sys
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402  (their versions have to come first)

PUBLISHER = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=20/1
  ! vp8enc deadline=1 cpu-used=8 target-bitrate=300000 keyframe-max-dist=2000
  ! rtpvp8pay picture-id-mode=15-bit ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! peer.
audiotestsrc is-live=true ! audioconvert ! opusenc
  ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer.
"""
VIEWER = "webrtcbin name=peer bundle-policy=max-bundle"
RECEIVED = ("application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000,rtcp-fb-nack-pli=true",
            "application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000,encoding-params=(string)2")
DECODERS = {"video": "rtpvp8depay ! vp8dec", "audio": "rtpopusdepay ! opusdec"}


class Peer:
    def __init__(self, publishes: bool, url: str):
        self._url = url
        self._session = ""
        self._loop = GLib.MainLoop()
        self._elements = Gst.parse_bin_from_description(PUBLISHER if publishes else VIEWER, False)
        self._pipeline = Gst.Pipeline()
        self._pipeline.add(self._elements)
        self._peer = self._elements.get_by_name("peer")
        self._peer.connect("on-negotiation-needed", self._on_negotiation_needed, publishes)
        self._peer.connect("notify::ice-gathering-state", self._on_gathering)
        self._peer.connect("pad-added", self._on_pad)
        if not publishes:
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            for caps in RECEIVED:
                self._peer.emit("add-transceiver", direction, Gst.Caps.from_string(caps))

    def _on_negotiation_needed(self, peer, publishes: bool) -> None:
        for number in (0, 1) if publishes else ():
            transceiver = peer.emit("get-transceiver", number)
            transceiver.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._on_offer))

    def _on_offer(self, promise) -> None:
        reply = promise.get_reply()  # owns the offer
        self._peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _on_gathering(self, peer, _) -> None:
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self._post)  # not on webrtcbin's own thread

    def _post(self) -> bool:
        offer = self._peer.get_property("local-description").sdp.as_text()
        request = urllib.request.Request(self._url, offer.encode(), {"Content-Type": "application/sdp"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self._session = urllib.parse.urljoin(self._url, answer.headers["Location"])
            text = answer.read()
        _, message = GstSdp.SDPMessage.new()
        GstSdp.sdp_message_parse_buffer(text, message)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self._peer.emit("set-remote-description", description, Gst.Promise.new())
        return GLib.SOURCE_REMOVE

    def _on_pad(self, _, pad) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        kind = pad.get_current_caps().get_structure(0).get_string("media")
        decoder = Gst.parse_bin_from_description(
            f"queue ! {DECODERS[kind]} ! fakesink name=sink signal-handoffs=true sync=false", True)
        decoder.get_by_name("sink").connect("handoff", lambda *_: print(f"{kind}\n", end="", flush=True))
        self._elements.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def run(self) -> None:
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, self._loop.quit)
        self._pipeline.set_state(Gst.State.PLAYING)
        self._loop.run()
        if self._session:
            urllib.request.urlopen(urllib.request.Request(self._session, method="DELETE"), timeout=10).close()
        self._pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    Gst.init(None)
    Peer(sys.argv[1] == "publish", sys.argv[2]).run()
