"""The relay's own books: Prometheus text parsed, and the packet equation of DESIGN.md section 3 held."""

import re
from dataclasses import dataclass

# received + copied + originated = sent + handed over + punted + consumed + dropped + held, worker by worker.
# One metric holds the books: penstock_packets_total{worker="N", kind="..."}; drops are counted by reason.
PACKETS = "penstock_packets_total"
KIND_LABEL = "kind"
IN_KINDS = ("received", "copied", "originated")
OUT_KINDS = ("sent", "handed_over", "punted", "consumed")
DROPS = "penstock_drops_total"
HELD = "penstock_packets_held"

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict
    value: float


def parse(text: str) -> list[Sample]:
    samples = []
    for line in text.splitlines():
        match = None if line.startswith("#") else _SAMPLE.match(line)
        if match:
            samples.append(Sample(match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))
    return samples


def total(samples: list[Sample], name: str, **labels) -> float:
    """The sum of every sample of that name whose labels include these."""
    return sum(sample.value for sample in samples
               if sample.name == name and all(sample.labels.get(key) == value for key, value in labels.items()))


def imbalance(samples: list[Sample]) -> dict[str, float]:
    """Per worker, packets in minus packets accounted for: all zero on a relay at rest."""
    workers = {sample.labels["worker"] for sample in samples if sample.name == PACKETS}
    balance = {}
    for worker in sorted(workers):
        entered = sum(total(samples, PACKETS, worker=worker, **{KIND_LABEL: kind}) for kind in IN_KINDS)
        left = sum(total(samples, PACKETS, worker=worker, **{KIND_LABEL: kind}) for kind in OUT_KINDS)
        left += total(samples, DROPS, worker=worker) + total(samples, HELD, worker=worker)
        balance[worker] = entered - left
    return balance
