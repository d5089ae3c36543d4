"""Draws the figure of docs/reports/scale.md: pictures a second on more and more nodes.

python tools/figures/scale.py benchmarks/results/scale.json docs/figures/scale.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl

from common import save

mpl.use("Agg")
import matplotlib.pyplot as plt


def throughput(seconds: dict[int, float]) -> plt.Figure:
    """Pictures a second by nodes, beside what they would be if no node ever waited for another: nodes -> pictures."""
    nodes = sorted(seconds)
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    axis.loglog(nodes, [seconds[nodes[0]] * many for many in nodes], "--", color="0.6", label="if none ever waited")
    axis.loglog(nodes, [seconds[many] for many in nodes], "o-", label="simulated")
    for many in nodes:
        axis.annotate(f"{seconds[many]:,.4g}", (many, seconds[many]), (-4, 8), textcoords="offset points", ha="right")
    axis.set_xlabel("nodes of four cores")
    axis.set_ylabel("pictures a second")
    axis.set_xticks(nodes, [f"{many:,}" for many in nodes])
    axis.margins(0.1)
    axis.legend(loc="lower right")
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    results = json.loads(given.results.read_text("utf-8"))
    found = {
        int(name.split()[0].replace(",", "")): of["a second"] for name, of in results.items() if name.endswith(" nodes")
    }
    save(throughput(found), given.out)


if __name__ == "__main__":
    main()
