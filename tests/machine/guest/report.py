"""What a case found out: checks that hold or do not, and facts. Kept in the share after every step."""

import json
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Check:
    name: str
    ok: bool
    detail: str = ""


@dataclass
class Case:
    """One port on one device. `facts` are for the table: what the program itself says of the device."""

    name: str
    model: str
    checks: list[Check] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def check(self, name: str, ok: bool, detail: str = "") -> bool:
        self.checks.append(Check(name, bool(ok), detail))
        print(f"  {'ok  ' if ok else 'FAIL'} {name}{': ' + detail.splitlines()[0] if detail else ''}", flush=True)
        return bool(ok)


class Report:
    """Every case so far, in SHARE/results.json; logs beside it."""

    def __init__(self, share: Path):
        self.share = share
        self.cases: list[Case] = []

    def run(self, case: Case, body) -> None:
        """Runs body(case); what it raises is a failed check with its traceback in a log, never the end of the run."""
        print(f"== {case.name} on {case.model}", flush=True)
        self.cases.append(case)
        try:
            body(case)
        except Exception as error:  # any: the next device still has its turn
            self.log(case, "traceback", traceback.format_exc())
            case.check("ran to its end", False, f"{type(error).__name__}: {error}")
        self.write()

    def log(self, case: Case, what: str, text: str) -> None:
        (self.share / f"{case.name}-{case.model}-{what}.log").write_text(text, encoding="utf-8")

    def write(self) -> None:
        text = json.dumps([asdict(case) for case in self.cases], indent=1)
        (self.share / "results.json").write_text(text, encoding="utf-8")
