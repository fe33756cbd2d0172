"""The test bed: hosts as network namespaces, a relay in one of them, real clients in the others."""
