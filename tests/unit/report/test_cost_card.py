"""The cost card in each of its formats."""

import json
from dataclasses import replace

import pytest

from virtslo.model.cost.card import (
    CostCard,
    CostKey,
    CostObjective,
    CostPart,
    CostRow,
    CostSide,
    CostVerdict,
    Telemetry,
)
from virtslo.report.cost_card import render_cost_card, scalability

PATCH = CostKey(CostPart.CREATED, "virt-controller", "PATCH vmis 200", "calls per VMI")
RARE = CostKey(CostPart.CREATED, "virt-controller", "PATCH pods 422", "calls per VMI")
CPU = CostKey(CostPart.CREATED, "virt-api", "processor time", "seconds per VMI")
LOST = Telemetry("virt-api", audited=1000, counted=0, missed={"CREATE pods 201": 1000})
KEPT = Telemetry("virt-api", audited=1000, counted=1000, missed={})
CARD = CostCard(
    base=CostSide("v1", ("KubeVirt v1",), ("a", "b"), (KEPT,)),
    candidate=CostSide("<v2>", ("KubeVirt v2",), ("c", "d"), (LOST,)),
    rows=(
        CostRow(PATCH, 1, 2, (1, 1), CostVerdict.MORE, is_exact=True),
        CostRow(RARE, 0.02, 0.03, (-0.04, 0.06), CostVerdict.NONE, p=0.9),
        CostRow(CPU, 0.1, 0.2, None, CostVerdict.CANNOT_TELL),
    ),
    load="bursts of 50 x vmi",
    source="audit log",
    command="virtslo cost v1 v2",
    limits=("nodes are hollow",),
    objectives=(CostObjective("PATCH +0", "violated", "because"),),
)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_format_says_both_sides_difference_verdict_and_what_could_hide(form: str) -> None:
    text = render_cost_card(CARD, form)

    for words in ("+1.00 exactly", "costs more", "no difference larger than 0.06 could hide here",
                  "cannot tell: two runs a side are needed", "telemetry lost, candidate",
                  "audit log 1000, its own counters 0", "calls of both sources, base",
                  "nodes are hollow", "virtslo cost v1 v2", "violated: PATCH +0"):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_the_command_to_run_again_is_whole(form: str) -> None:
    command = f"virtslo cost --kubeconfig /{'d' * 2_000}/one {'word ' * 2_000}--end"

    assert command in render_cost_card(replace(CARD, command=command), form)


def test_names_are_no_markup() -> None:
    assert "<v2>" not in render_cost_card(CARD, "html")


def test_json_has_every_figure() -> None:
    document = json.loads(render_cost_card(CARD, "json"))

    assert document["schema"] == "virtslo.cost/v1"
    assert document["candidate"]["telemetry"][0]["lost"] is True
    assert document["base"]["telemetry"][0]["lost"] is False
    assert [each["could_hide"] for each in document["costs"]] == [1, 0.06, None]
    assert document["scalability"] == scalability(CARD)


def test_the_paragraph_says_versions_load_findings_and_limits() -> None:
    text = scalability(CARD)

    assert "<v2> (KubeVirt v2) against v1 (KubeVirt v1)" in text
    assert "bursts of 50 x vmi" in text
    assert "virt-controller makes +1.00 PATCH vmis 200, calls per VMI" in text
    assert "nothing larger than 0.06" in text
    assert "Nodes are hollow." in text


@pytest.mark.parametrize(
    ("base", "candidate", "interval", "shown"),
    [
        (12571.59, 10362.70, (-2213.4, -2204.38), "-2208.89 (-2213.40 to -2204.38)"),
        (0.1, 0.135, (0.0004, 0.0696), "+0.035 (+0.0004 to +0.07)"),
        (1.0, 1.0, (-310.0, 310.0), "0 (-310.00 to +310.00)"),
    ],
)
def test_an_interval_is_as_fine_as_its_difference(
    base: float, candidate: float, interval: tuple[float, float], shown: str
) -> None:
    row = CostRow(RARE, base, candidate, interval, CostVerdict.NONE, p=0.5)

    assert shown in render_cost_card(replace(CARD, rows=(row,)), "markdown")
