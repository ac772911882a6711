"""A record in every format that others read, checked against descriptions of the formats."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped]
import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support.cli import Outcome, only_run, virtslo

FORMATS = Path(__file__).parents[1] / "formats"
COUNT = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", str(COUNT), "--runs", str(runs), "--quiet"
    )
    assert done.code == 0, done.err
    return only_run(runs)


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which some of 120 VMIs found no place: the node takes 110 pods, some are its own."""
    runs = tmp_path_factory.mktemp("stuck")
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "120", "--nodes", "1", "--simulate", "instant",
        "--timeout", "60s", "--runs", str(runs), "--quiet",
    )  # fmt: skip
    assert done.code == 4, done.err
    return only_run(runs)


def export(run: Path, form: str, *more: str) -> Outcome:
    done = virtslo("report", str(run), "--format", form, "--allow-simulated", *more)
    assert done.code in (0, 4), done.err
    return done


def indicators(run: Path) -> dict[tuple[str, str], Any]:
    document = virtslo("report", str(run), "--format", "json").document
    return {(row["name"], row["statistic"]): row["value"] for row in document["indicators"]}


def homeless(run: Path) -> int:
    """How many VMIs the report itself says did not run."""
    return int(indicators(run)["not_seen_running", "count"])


def families_of(text: str) -> list[Metric]:
    """What the reference parser makes of OpenMetrics text."""
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def valid(form: str, document: Any) -> Any:
    jsonschema.validate(document, json.loads((FORMATS / f"{form}.json").read_text()))
    return document


@pytest.mark.parametrize("form", ["perfscale", "kube-burner", "vep411", "vep411-csv", "perfdata"])
def test_a_simulated_record_is_refused_where_it_could_not_be_told(run: Path, form: str) -> None:
    refused = virtslo("report", str(run), "--format", form)

    assert refused.code == 2
    assert "--allow-simulated" in refused.err
    assert refused.out == ""


@pytest.mark.parametrize("form", ["perfscale", "kube-burner", "vep411", "vep411-csv", "perfdata"])
def test_such_a_format_is_refused_before_the_run(tmp_path: Path, form: str) -> None:
    runs = tmp_path / "runs"
    refused = virtslo("run", "burst", "--count", "10", "--runs", str(runs), "--format", form)

    assert refused.code == 2
    assert f"virtslo report latest --format {form} --allow-simulated" in refused.err
    assert not runs.exists()


def test_an_unknown_format_lists_the_known_ones(run: Path) -> None:
    refused = virtslo("report", str(run), "--format", "yaml")

    assert refused.code == 2
    for name in ("table", "junit", "openmetrics", "perfscale", "kube-burner", "vep411"):
        assert name in refused.err


def test_perfscale_results_have_the_audits_keys_and_our_numbers(run: Path) -> None:
    values = valid("perfscale-audit", export(run, "perfscale").document)["Values"]

    assert values["simulated-running-phase-count"]["value"] == COUNT
    p50 = values["simulated-vmiCreationToRunningSecondsP50"]["value"]
    assert p50 == pytest.approx(indicators(run)["vmi_creation_to_running_seconds", "p50"])


def test_a_vms_exports_are_of_its_vmi(tmp_path: Path) -> None:
    virtslo("run", "burst", "--kind", "vm", "--count", "4", "--repeat", "1", "--simulate", "ci",
            "--runs", str(tmp_path), "--quiet")  # fmt: skip
    run = only_run(tmp_path)

    audit = export(run, "perfscale").document["Values"]
    items = export(run, "perfdata").document["dataItems"]
    times = {item["labels"]["Metric"]: item["data"] for item in items}

    of_vmi = indicators(run)["vmi_creation_to_running_seconds", "p50"]
    of_owner = indicators(run)["owner_creation_to_running_seconds", "p50"]
    assert of_vmi < of_owner
    exported = audit["simulated-vmiCreationToRunningSecondsP50"]["value"]
    assert exported == pytest.approx(of_vmi)
    assert times["simulated-vmi_creation_to_running"]["Perc50"] == pytest.approx(of_vmi * 1000)
    assert times["simulated-owner_creation_to_running"]["Perc50"] == pytest.approx(of_owner * 1000)


def test_perfscale_results_leave_out_what_is_not_known(stuck: Path) -> None:
    values = valid("perfscale-audit", export(stuck, "perfscale").document)["Values"]

    assert "simulated-vmiCreationToRunningSecondsP50" in values
    assert "simulated-vmiCreationToRunningSecondsP99" not in values


def test_kube_burner_documents_are_one_a_vmi_with_quantiles_and_a_summary(run: Path) -> None:
    documents = valid("kube-burner", export(run, "kube-burner").document)

    by_metric: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        by_metric.setdefault(document["metricName"], []).append(document)
    assert len(by_metric["vmiLatencyMeasurement"]) == COUNT
    (summary,) = by_metric["jobSummary"]
    assert summary["passed"] is True
    assert all(document["uuid"].startswith("simulated-") for document in documents)
    quantiles = {item["quantileName"]: item for item in by_metric["vmiLatencyQuantilesMeasurement"]}
    running = sorted(item["vmiRunningLatency"] for item in by_metric["vmiLatencyMeasurement"])
    assert quantiles["VMIRunning"]["max"] == running[-1]
    assert quantiles["VMIRunning"]["P50"] == running[COUNT // 2 - 1]


def test_kube_burner_files_are_named_as_its_local_indexer_names_them(
    run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "collected-metrics"
    export(run, "kube-burner", "-o", str(folder))

    assert sorted(path.name for path in folder.iterdir()) == [
        "jobSummary.json",
        f"vmiLatencyMeasurement-simulated-burst-vmi-{COUNT}.json",
        f"vmiLatencyQuantilesMeasurement-simulated-burst-vmi-{COUNT}.json",
    ]
    for path in folder.iterdir():
        valid("kube-burner", json.loads(path.read_text()))


def test_kube_burner_keeps_vmis_that_never_ran(stuck: Path) -> None:
    documents = valid("kube-burner", export(stuck, "kube-burner").document)

    latencies = [item for item in documents if item["metricName"] == "vmiLatencyMeasurement"]
    assert len(latencies) == 120
    assert sum("vmiRunningLatency" not in item for item in latencies) == homeless(stuck)
    (running,) = [item for item in documents if item.get("quantileName") == "VMIRunning"]
    assert "P99" not in running
    assert "avg" not in running
    assert [item["passed"] for item in documents if item["metricName"] == "jobSummary"] == [False]


def test_vep411_counts_successes_and_failures(run: Path, stuck: Path) -> None:
    good = valid("vep411", export(run, "vep411").document)
    bad = valid("vep411", export(stuck, "vep411").document)

    assert good["aggregate"]["successful_vms"] == COUNT
    assert good["aggregate"]["avg_time_to_vmi_running_seconds"] > 0
    assert (bad["aggregate"]["total_vms"], bad["aggregate"]["failed_vms"]) == (
        120,
        homeless(stuck),
    )
    assert bad["aggregate"]["avg_time_to_vmi_running_seconds"] is None
    assert good["scenario"]["name"].startswith("simulated-")


def test_vmis_that_a_controller_replaced_are_no_failures_though_no_create_is_known(
    tmp_path: Path,
) -> None:
    done = virtslo(
        "run", "steady-state", "--kind", "vmpool", "--count", "6", "--cycles", "1",
        "--runs", str(tmp_path), "--quiet",
    )  # fmt: skip
    assert done.code == 0, done.err

    document = valid("vep411", export(only_run(tmp_path), "vep411").document)

    assert document["aggregate"]["total_vms"] > 0
    assert document["aggregate"]["failed_vms"] == 0
    assert document["aggregate"]["avg_time_to_vmi_running_seconds"] is None


def test_vep411_csv_has_one_line_a_vm(run: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(export(run, "vep411-csv").out)))

    assert len(rows) == COUNT
    assert all(float(row["time_to_vmi_running_seconds"]) > 0 for row in rows)


def test_vep411_is_a_folder_of_three_files(run: Path, tmp_path: Path) -> None:
    export(run, "vep411", "-o", str(tmp_path / "out"))

    name = f"simulated-burst-vmi-{COUNT}"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{name}_results.csv", f"{name}_results.json", f"summary_{name}.json",
    ]  # fmt: skip


def test_repetitions_do_not_write_over_one_another(tmp_path: Path) -> None:
    load = ("--count", "4", "--repeat", "2", "--simulate", "instant")
    virtslo("run", "burst", "--repeat", "1", *load, "--runs", str(tmp_path / "runs"), "--quiet")
    suite = only_run(tmp_path / "runs")

    for form, count in (("vep411", 2 * 3), ("kube-burner", 2 * 2 + 1)):
        export(suite, form, "-o", str(tmp_path / form))
        assert len(list((tmp_path / form).iterdir())) == count


def test_perfdata_has_percentiles_in_milliseconds(run: Path) -> None:
    document = valid("perfdata", export(run, "perfdata").document)

    by_metric = {item["labels"]["Metric"]: item for item in document["dataItems"]}
    running = by_metric["simulated-vmi_creation_to_running"]
    p50 = indicators(run)["vmi_creation_to_running_seconds", "p50"]
    assert running["data"]["Perc50"] == pytest.approx(p50 * 1000)
    assert running["unit"] == "ms"


def test_openmetrics_is_what_the_reference_parser_reads(run: Path) -> None:
    text = export(run, "openmetrics").out

    samples = {
        (sample.name, sample.labels.get("statistic")): sample
        for family in families_of(text)
        for sample in family.samples
    }
    p50 = samples["virtslo_vmi_creation_to_running_seconds", "p50"]
    expected = indicators(run)["vmi_creation_to_running_seconds", "p50"]
    assert p50.value == pytest.approx(expected)
    assert p50.labels["simulated"] == "true"


def test_openmetrics_has_no_sample_for_what_has_no_value(run: Path) -> None:
    text = export(run, "openmetrics").out

    families = {family.name: family for family in families_of(text)}
    missing = {
        (sample.labels["indicator"], sample.labels["statistic"])
        for sample in families["virtslo_no_data"].samples
    }
    latencies = families["virtslo_vmi_creation_to_running_seconds"].samples
    assert ("vmi_creation_to_running_seconds", "p99") in missing
    assert "p99" not in {sample.labels["statistic"] for sample in latencies}


def test_junit_has_a_case_for_the_validity_of_the_run(run: Path, stuck: Path) -> None:
    good = ET.fromstring(export(run, "junit").out)
    bad = ET.fromstring(export(stuck, "junit").out)

    assert (good.get("tests"), good.get("errors"), good.get("failures")) == ("1", "0", "0")
    assert bad.get("errors") == "1"
    error = bad.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("type") == "unfinished"


def test_the_json_document_follows_its_schema(run: Path, stuck: Path) -> None:
    schema = json.loads(
        (Path(__file__).parents[2] / "src/virtslo/report/report_schema.json").read_text()
    )

    for record in (run, stuck):
        jsonschema.validate(virtslo("report", str(record), "--format", "json").document, schema)


def test_an_output_is_replaced_whole(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    done = virtslo("report", str(run), "--format", "json", "-o", str(target))

    assert done.code == 0
    assert json.loads(target.read_text())["schema"] == "virtslo.report/v1"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_an_output_that_cannot_be_written_is_told(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = virtslo("report", str(run), "-o", str(tmp_path / "file" / "report.md"))

    assert done.code == 3
    assert "cannot write" in done.err
