# SPDX-License-Identifier: BSL-1.0
"""What the pictures of the suites share; needs matplotlib."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import PercentFormatter  # noqa: E402

colours = ["#2f6f9f", "#d98c3a", "#5b9a57", "#a4518c", "#8a8a8a", "#b5533c"]
plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
                     "axes.titlelocation": "left", "axes.titleweight": "bold",
                     "axes.axisbelow": True, "figure.dpi": 110})


def title_of(report):
    """What was measured on what, for the head of a picture."""
    context = report["context"]
    return (f"{context.get('processor', context['host_name'])}, {context['num_cpus']} cores, "
            f"{context.get('compiler', '')}, {context['date'][:16].replace('T', ' ')}")


def short(value):
    """1234567 as 1.23M."""
    for power, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:.3g}{prefix}"
    return f"{value:.3g}"


def microseconds(row):
    time = row.median() * 1e6
    return f"{time:,.0f} µs" if time >= 99.95 else f"{time:.3g} µs"


def bars(axes, names, values, labels, colour):
    """Horizontal bars, the first on top, each with its label at its end."""
    places = range(len(names))
    axes.barh(places, values, color=colour, height=0.72)
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.set_ylim(len(names) - 0.5, -0.5)
    for place, value, label in zip(places, values, labels):
        axes.annotate(label, (value, place), (3, 0), textcoords="offset points", va="center",
                      fontsize=7.5)
    axes.grid(axis="x", alpha=0.3)


def percent(axis):
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def save(figure, head, file):
    figure.suptitle(head, x=0.01, ha="left", fontsize=9, color="#555555")
    figure.savefig(file)
    plt.close(figure)
