"""kube-burner itself, unchanged, against `virtslo simulate`: it creates, acts and deletes.

kube-burner is looked for on PATH.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.simulate_process import simulate_process

KUBE_BURNER = shutil.which("kube-burner")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(KUBE_BURNER is None, reason="kube-burner is not on PATH"),
]
COUNT = 5
TEMPLATE = """
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: "vm-{{.Replica}}"}
spec:
  runStrategy: Always
  template:
    metadata: {labels: {app: power}}
    spec:
      terminationGracePeriodSeconds: 0
      domain: {devices: {}, resources: {requests: {memory: 64Mi}}}
"""
JOBS = """
metricsEndpoints:
- indexer: {type: local, metricsDirectory: out}
global: {measurements: [{name: vmiLatency}]}
jobs:
- name: power
  qps: 20
  burst: 20
  preLoadImages: false
  namespacedIterations: false
  namespace: power
  maxWaitTimeout: 2m
  objects:
  - {objectTemplate: vm.yml, replicas: 5}
- name: act
  jobType: kubevirt
  qps: 20
  burst: 20
  objectWait: true
  waitWhenFinished: false
  maxWaitTimeout: 1m
  objects:
  - {kubeVirtOp: stop, labelSelector: {kube-burner.io/job: power}}
  - {kubeVirtOp: start, labelSelector: {kube-burner.io/job: power}}
  - {kubeVirtOp: pause, labelSelector: {kube-burner.io/job: power}}
  - {kubeVirtOp: unpause, labelSelector: {kube-burner.io/job: power}}
- name: remove
  jobType: delete
  objects:
  - {kind: Namespace, labelSelector: {kube-burner.io/job: power}}
"""


def test_kube_burner_creates_acts_and_cleans_up(tmp_path: Path) -> None:
    (tmp_path / "vm.yml").write_text(TEMPLATE)
    (tmp_path / "jobs.yml").write_text(JOBS)
    audit_log = tmp_path / "audit.log"
    with simulate_process(tmp_path, "--nodes", "2", "--audit-log", str(audit_log)) as kubeconfig:
        done = subprocess.run(
            [str(KUBE_BURNER), "init", "-c", "jobs.yml", "--uuid", "test"],
            env={**os.environ, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    events = [json.loads(line) for line in audit_log.read_text().splitlines()]
    asked = [
        (event["objectRef"]["subresource"], event["responseStatus"]["code"])
        for event in events
        if event.get("objectRef", {}).get("apiGroup") == "subresources.kubevirt.io"
        and event["stage"] == "ResponseComplete"
    ]
    measured = json.loads((tmp_path / "out" / "vmiLatencyMeasurement-power.json").read_text())
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(asked) == sorted(
        (action, code)
        for action, code in (("stop", 202), ("start", 202), ("pause", 200), ("unpause", 200))
        for _ in range(COUNT)
    )
    assert len(measured) == COUNT
