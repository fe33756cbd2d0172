"""What a signaling server without SDP on its wire does for browsers: their offers as API members, the API's as answers."""

from dataclasses import dataclass, field

# What Penstock forwards; the rest of an offer is not asked of it.
_CODECS = {"opus": "audio", "VP8": "video"}
_EXTENSIONS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "urn:3gpp:video-orientation",
}
_ONLY_PUBLISHED = ("rtp-stream-id",)  # a receiver gets one encoding
_ONLY = {"audio": ("video-orientation",), "video": ("audio-level",)}


@dataclass
class Section:
    """One m-section of an offer; values by attribute name, in order."""

    kind: str
    attributes: list = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    def value(self, name: str) -> str:
        return self.values(name)[0]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.attributes)

    @property
    def mid(self) -> str:
        return self.value("mid")

    @property
    def sends(self) -> bool:
        return self.has("sendonly") or self.has("sendrecv")

    def codec(self) -> tuple[str, int, int | None]:
        """(name, payload type, payload type of its retransmissions) of the first codec that Penstock forwards."""
        names = {int(value.split()[0]): value.split()[1].split("/")[0] for value in self.values("rtpmap")}
        media = next(number for number, name in names.items() if _CODECS.get(name) == self.kind)
        repeats = {int(value.split()[0]) for value in self.values("fmtp") if value.endswith(f"apt={media}")}
        return names[media], media, next((number for number in repeats if names[number] == "rtx"), None)

    def extensions(self) -> list[dict]:
        unwanted = _ONLY[self.kind] + (() if self.sends else _ONLY_PUBLISHED)
        listed = (value.split()[:2] for value in self.values("extmap"))
        return [{"uri": uri, "id": int(number.split("/")[0])} for number, uri in listed
                if uri in _EXTENSIONS and not uri.endswith(unwanted)]

    def media(self) -> dict:
        """The members that tracks and subscriptions have in common."""
        name, media, repair = self.codec()
        codecs = [{"name": name, "payload_type": media}]
        feedback = {"transport": True}
        if repair is not None:
            codecs.append({"name": "rtx", "payload_type": repair, "associated_payload_type": media})
        if self.kind == "video":
            feedback |= {"nack": True, "pli": True, "fir": True}
        return {"kind": self.kind, "mid": self.mid, "codecs": codecs, "extensions": self.extensions(),
                "feedback": feedback}

    def track(self) -> dict:
        rids = [value.split()[0] for value in self.values("rid")]
        return self.media() | {"encodings": [{"rid": rid} for rid in rids]}


class Offer:
    """A browser's offer, parsed as far as its own endpoint needs."""

    def __init__(self, sdp: str):
        self.sections: list[Section] = []
        for line in sdp.splitlines():
            if line.startswith("m="):
                self.sections.append(Section(line[2:].split()[0]))
            elif line.startswith("a=") and self.sections:
                name, _, value = line[2:].partition(":")
                self.sections[-1].attributes.append((name, value))

    def endpoint(self) -> dict:
        """The members of an endpoint, with its tracks named after their kinds."""
        first = self.sections[0]
        hash_name, digest = first.value("fingerprint").split()
        return {"ice_ufrag": first.value("ice-ufrag"), "ice_pwd": first.value("ice-pwd"),
                "dtls_role": {"actpass": "auto"}.get(first.value("setup"), first.value("setup")),
                "fingerprints": [{"hash": hash_name, "value": digest}],
                "tracks": {section.kind: section.track() for section in self.sections if section.sends}}

    def answer(self, local: dict, sources: dict) -> str:
        """`local`: the endpoint's, as the API shows it. `sources`: (ssrc, rtx ssrc) by MID of what it will receive."""
        session = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite",
                   "a=group:BUNDLE " + " ".join(section.mid for section in self.sections)]
        for section in self.sections:
            session += _answered(section, local, sources.get(section.mid))
        return "\r\n".join(session) + "\r\n"


def _answered(section: Section, local: dict, sources: tuple | None) -> list[str]:
    name, media, repair = section.codec()
    formats = f"{media} {repair}" if repair is not None else str(media)
    lines = [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}",
             f"a=ice-ufrag:{local['ice_ufrag']}", f"a=ice-pwd:{local['ice_pwd']}",
             f"a=setup:{'passive' if local['dtls_role'] in ('passive', 'server') else 'active'}", "a=rtcp-mux",
             "a=rtcp-rsize"]
    lines += [f"a=fingerprint:{f['hash']} {f['value']}" for f in local["fingerprints"]]
    lines += [f"a=candidate:{c['foundation']} {c['component']} {c['protocol']} {c['priority']} {c['address']} "
              f"{c['port']} typ {c['type']}" for c in local["candidates"]]
    lines += [f"a=extmap:{extension['id']} {extension['uri']}" for extension in section.extensions()]
    clock = "48000/2" if section.kind == "audio" else "90000"
    lines += [f"a=rtpmap:{media} {name}/{clock}", f"a=rtcp-fb:{media} transport-cc"]
    if section.kind == "video":
        lines += [f"a=rtcp-fb:{media} {kind}" for kind in ("ccm fir", "nack", "nack pli")]
    if repair is not None:
        lines += [f"a=rtpmap:{repair} rtx/{clock}", f"a=fmtp:{repair} apt={media}"]
    if section.sends:
        rids = [value.split()[0] for value in section.values("rid")]
        lines += ["a=recvonly", *(f"a=rid:{rid} recv" for rid in rids)]
        return lines + ([f"a=simulcast:recv {';'.join(rids)}"] if rids else [])
    lines.append("a=sendonly")
    if sources:
        ssrc, rtx_ssrc = sources
        lines += [f"a=ssrc-group:FID {ssrc} {rtx_ssrc}"] if rtx_ssrc else []
        lines += [f"a=ssrc:{number} cname:{local['cname']}" for number in (ssrc, rtx_ssrc) if number]
    return lines
