"""The end-to-end tests, unchanged, on the machine's kernel: they build their own network and need no device."""

import os
import re
import subprocess
from pathlib import Path

from report import Case, Report


def run(report: Report, job: dict, case: Case) -> None:
    tests = Path(job["repository"]) / "tests/e2e"
    log = report.share / "e2e.log"
    command = [str(tests / "run"), "-p", "no:cacheprovider", "-v", "-rfE", "--durations=10", *job["e2e_arguments"]]
    environment = {"PENSTOCK_BIN": job["bin_dir"], "PYTHONUNBUFFERED": "1"}
    with open(log, "w", encoding="utf-8") as output:
        result = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, timeout=job["e2e_timeout_s"],
                                check=False, cwd=job["repository"], env=os.environ | environment)
    lines = log.read_text(encoding="utf-8").splitlines()
    for line in lines:
        if re.match(r"(FAILED|ERROR) ", line):
            case.check(line, False)
    case.check("tests pass", result.returncode == 0, lines[-1].strip("= ") if lines else "no output")
