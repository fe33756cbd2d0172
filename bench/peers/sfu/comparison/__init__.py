"""Compares SFUs on the same work: this relay, rtpengine, Janus, mediasoup. Entry point: bench/peers/sfu/run."""
