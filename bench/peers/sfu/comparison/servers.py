"""All servers that can be compared, by name."""

from .rtpengine import Rtpengine, RtpengineSrtp

ALL = {server.name: server for server in (Rtpengine, RtpengineSrtp)}
