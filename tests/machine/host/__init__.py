"""What runs on the host: the kernel is fetched, the machine put together, started and ended."""
