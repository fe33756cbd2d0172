"""What the deploy tests have in common."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from testbed import root as roots  # noqa: E402  (the path above has to come first)


@pytest.fixture(scope="session")
def applied() -> Path:
    """The root as test_playbook.py left it."""
    assert (roots.APPLIED / "proc").is_dir(), "run test_playbook.py first: it makes the root that this test needs"
    return roots.mount(roots.APPLIED)
