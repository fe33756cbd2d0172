"""Compares this relay with testpmd's macswap on one memif link. Entry point: bench/peers/dpdk/run."""
