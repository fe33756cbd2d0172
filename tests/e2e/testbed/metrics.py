"""The relay's own books: Prometheus text parsed, and the packet equation of DESIGN.md section 3 held."""

import re
from dataclasses import dataclass

# received + taken over + copied + originated = sent + handed over + punted + consumed + dropped + held, on each worker;
# and what one worker handed over, another took.
IN = ("penstock_packets_received_total", "penstock_packets_taken_over_total", "penstock_packets_copied_total",
      "penstock_packets_originated_total")
OUT = ("penstock_packets_sent_total", "penstock_packets_handed_over_total", "penstock_packets_punted_total",
       "penstock_packets_consumed_total", "penstock_packets_dropped_total", "penstock_packets_held")
HANDED_OVER, TAKEN_OVER = "penstock_packets_handed_over_total", "penstock_packets_taken_over_total"

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
    """The sum of every sample of that name whose labels include these; there has to be one."""
    values = [sample.value for sample in samples
              if sample.name == name and all(sample.labels.get(key) == value for key, value in labels.items())]
    if not values:
        raise KeyError(f"no {name}{labels or ''} in the metrics")
    return sum(values)


def imbalance(samples: list[Sample]) -> dict[str, float]:
    """Packets in minus packets accounted for, per worker, and lost between workers: all zero on a relay at rest."""
    workers = sorted({sample.labels["worker"] for sample in samples if sample.name == IN[0]})
    balance = {f"worker {worker}": sum(total(samples, name, worker=worker) for name in IN)
               - sum(total(samples, name, worker=worker) for name in OUT) for worker in workers}
    balance["between workers"] = total(samples, HANDED_OVER) - total(samples, TAKEN_OVER)
    return balance
