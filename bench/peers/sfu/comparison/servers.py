"""All servers that can be compared, by name."""

from .janus import Janus
from .mediasoup import Mediasoup
from .penstock import Penstock
from .rtpengine import Rtpengine, RtpengineSrtp, RtpengineSrtpCm

ALL = {server.name: server for server in (Penstock, Rtpengine, RtpengineSrtp, RtpengineSrtpCm, Janus, Mediasoup)}
