"""Compares relays on the same work: this one, a bare forwarder, coturn. Entry point: bench/peers/turn/run."""
