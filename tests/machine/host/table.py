"""The results of a run for people: a line per port and device, then whatever failed, in full."""

import json
from pathlib import Path

_COLUMNS = ("case", "device", "driver", "checks", "told by the daemon")


def read(results: Path) -> list[dict]:
    """None at all if the machine never came that far."""
    return json.loads(results.read_text(encoding="utf-8")) if results.exists() else []


def lines(results: list[dict]) -> list[str]:
    rows = [_COLUMNS] + [_row(case) for case in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    out = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]).rstrip() for row in rows]
    for case in results:
        for check in _failed(case):
            out += ["", f"FAILED {case['name']} on {case['model']}: {check['name']}", *check["detail"].splitlines()]
    return out


def complete(results: list[dict], models: list[str], names: list[str]) -> bool:
    """Every case that was asked for ran, and nothing in it failed."""
    done = {(case["name"], case["model"]) for case in results}
    asked = {(name, model) for name in names if name != "e2e" for model in models}
    asked |= {("e2e", "veth")} if "e2e" in names else set()
    return asked <= done and not any(_failed(case) for case in results)


def _failed(case: dict) -> list[dict]:
    return [check for check in case["checks"] if not check["ok"]]


def _row(case: dict) -> tuple[str, ...]:
    failed = len(_failed(case))
    passed = f"{len(case['checks']) - failed} ok" + (f", {failed} FAILED" if failed else "")
    facts = ", ".join(f"{name} {value}" for name, value in case["facts"].items() if name != "driver")
    return case["name"], case["model"], case["facts"].get("driver", ""), passed, facts
