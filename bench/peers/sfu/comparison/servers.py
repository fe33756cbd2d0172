"""All servers that can be compared, by name."""

from .janus import Janus
from .mediasoup import Mediasoup
from .penstock import Penstock, PenstockCm
from .rtpengine import Rtpengine, RtpengineSrtp, RtpengineSrtpCm

ALL = {server.name: server
       for server in (Penstock, PenstockCm, Rtpengine, RtpengineSrtp, RtpengineSrtpCm, Janus, Mediasoup)}
