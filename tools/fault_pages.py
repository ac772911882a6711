"""A page for each fault of the simulated cluster: what it does, where it is met, what a run says.

Invariant: a fault without a text here has no page, and `tools/reference.py` fails; that a run under
a fault carries no other finding than its page names is held by
tests/simulated/test_runs_under_faults.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fault_observations import SEEDS, SEEN

from virtslo.model.simulated.faults import FAULTS, TIMING, parameters_of

_TEST: Final = "(`tests/control_plane/test_faults.py`)"
_GATEWAY: Final = f"A gateway in front of the API server does this {_TEST}."
_REFUSED: Final = ("failed_operations", "deleted_late", "found_by_name", "unfinished", "not_gone")
_WATCHES: Final = ("watch_resumed", "watch_relisted", "watch_lost", "watch_lag", "relist")


@dataclass(frozen=True, slots=True)
class Account:
    """What a page says beside the table of faults."""

    field: str
    """Where the like is met on a real cluster."""
    promise: str
    """What a run under the fault must say of it."""
    findings: tuple[str, ...]
    """The findings that the fault alone can cause."""
    example: str
    tested: str
    """What of it a test does to a real control plane, and that test."""
    seen: str
    """What came of that test."""
    found: str = ""
    """What was not as promised once, and was mended."""


ACCOUNTS: Final[Mapping[str, Account]] = {
    "latency": Account(
        "An API server short of CPU, an etcd on a slow disk, a far network.",
        "The waits are in the times, which are true: times of answers and latencies grow, and no "
        "object is lost. Only a wait beyond a deadline of the run is a finding.",
        ("unfinished", "not_gone"),
        "latency:rate=0.5,delay=300ms",
        "etcd stands still for four seconds in every stage "
        "(`tests/control_plane/test_endurance.py`); half of the requests of virtslo and of both "
        f"virt-controllers wait 0.3 s. {_GATEWAY} A slow disk is not played; etcd that stands "
        "still is its worst case.",
        seen=(
            "valid in every stage while etcd stood still, and valid with slow requests; cycles "
            "of churn overlapped."
        ),
    ),
    "too-many-requests": Account(
        "API priority and fairness refuses what its queues cannot hold.",
        "A create of the run that is refused is not sent again: it counts as failed and spoils the "
        "run. Components retry after the time they were given; the refused calls stand in the "
        "table of REST calls by their code.",
        _REFUSED,
        "too-many-requests:rate=0.05",
        "priority and fairness refuses every request of a while, and some of a burst "
        "(`tests/control_plane/test_endurance.py`).",
        seen=(
            "inconclusive in ramp-up (7 creates refused) and churn (4), valid in warm-up and "
            "in ramp-down, where 20 deletions came later; of a burst of 60 on three seats 59 "
            "requests were refused, and the run was inconclusive."
        ),
    ),
    "server-error": Account(
        "etcd changes its leader, a gateway before the API server has none to pass to.",
        "A create that failed spoils the run. Where the answer leaves open whether it was carried "
        "out, the watch decides: an object that came under its name counts as created, and in no "
        "time of an answer.",
        _REFUSED,
        "server-error:rate=0.05",
        "a third of virtslo's writes are answered 500 and not done, or 504 and done; then a tenth "
        f"of the requests of both virt-controllers are answered 500. {_GATEWAY}",
        seen=(
            "of virtslo's creates 2 were answered 504 and done, 2 answered 500: inconclusive, "
            "the two that were done found by their names and the other two failed; 7 deletes "
            "of the ramp-down came later. With 34 requests of virt-controller answered 500: "
            "valid, since it tries again."
        ),
        found=(
            "A VMI of the simulated cluster was Running after it had Succeeded (seed 86): a "
            "refused write was tried again too late."
        ),
    ),
    "connection-reset": Account(
        "A load balancer drops idle or old connections, an API server is drained.",
        "A create whose answer alone was lost is found by its name and counted once; one that "
        "never arrived has failed and spoils the run.",
        (*_REFUSED, *_WATCHES),
        "connection-reset:rate=0.05",
        "a fifth of virtslo's requests are reset before they are served, or after; then a tenth of "
        f"those of both virt-controllers. {_GATEWAY}",
        seen=(
            "of virtslo's creates one was done and its answer lost, 3 never arrived: "
            "inconclusive, the one found by its name and the 3 failed. With 35 requests of "
            "virt-controller reset: valid."
        ),
        found=(
            "A delete whose answer was lost and that was asked for again counted from the "
            "second request: P50 to gone said 4.93 s where it was 5.00 s (seed 300483). "
            "Deletions count from the first that was accepted. A simulated API server that reset "
            "a connection which its client had just left could have ended (`simulate`, exit code "
            "70): such a connection is aborted."
        ),
    ),
    "slow-webhook": Account(
        "virt-api short of CPU or of replicas, or its certificate is being renewed.",
        "No finding while calls take less than 10 s: the waits are in the times. From 10 s on the "
        "call fails, and with it the create.",
        _REFUSED,
        "slow-webhook:delay=1s",
        "every call of a webhook takes a second longer, at a gateway between the API server and "
        "virt-api; then three in ten of those that validate a new VMI take 12 s, which is more "
        f"than the API server waits {_TEST}.",
        seen=(
            "valid with a second more at each call; cycles of churn overlapped. Beyond ten "
            "seconds 5 creates were answered 500 (one in warm-up, 3 in ramp-up, one in "
            "churn): inconclusive."
        ),
    ),
    "dropped-watches": Account(
        "A proxy limits how long a connection may live; the API server closes watches.",
        "The watch goes on where it ended and nothing is missed; what was seen late is said, and "
        "spoils the run beyond the limit of the definitions.",
        _WATCHES,
        "dropped-watches:at=2s,every=7s",
        "in every stage all watches of virtslo and of both virt-controllers are reset. "
        f"{_GATEWAY}",
        seen=(
            "each of virtslo's two watches broke four times and was resumed where it had ended, "
            "and every phase was seen. One run was valid; of another, on a busy machine, watches "
            "were back four seconds late in ramp-down, and it was inconclusive for that."
        ),
    ),
    "stalled-watches": Account(
        "The API server's watch cache lags, or a network path stands still without a reset.",
        "Facts that were received late make times of receipt later than the truth: the finding "
        "says how many and by how much, and spoils the run beyond the limit of the definitions.",
        _WATCHES,
        "stalled-watches:at=16s,for=12s,stage=ramp_up",
        "virtslo's watches stay open and deliver nothing for eight seconds, in ramp-up (a VMI "
        f"every two seconds) and in churn. {_GATEWAY}",
        seen=(
            "inconclusive in both: in ramp-up 13 of 60 facts were late, the worst by 7.9 s, in "
            "churn 11 of 30, by 7.4 s."
        ),
        found=(
            "The finding did not name `time_to_first_running_seconds`, which said 24.0 s where "
            "it was 17.4 s (seed 300250), nor the recovery of cycles: an objective on one of "
            "them would have been violated undoubted. It names every figure that is made of "
            "what was seen."
        ),
    ),
    "compaction": Account(
        "etcd is compacted every five minutes, and a watch that lagged cannot be resumed.",
        "The objects are listed again. What is learnt from a list is marked so, since it is later "
        "than it was true, and spoils the run where it may be later than the definitions allow; "
        "what came and went in between was not seen.",
        _WATCHES,
        "compaction:at=3s,every=11s",
        "etcd is compacted while the way to the server is cut, in every stage "
        "(`tests/control_plane/test_expiry.py`).",
        seen=(
            "in each stage both watches were answered 410 and the objects listed again; valid "
            "in warm-up and ramp-down, inconclusive in ramp-up and churn, where requests of "
            "the run failed in the cut. Lists were not judged for lateness then."
        ),
        found=(
            "A run was valid whose pool was said to recover after 39.8 s and had after 28.4 s "
            "(seed 300157): the watch had backed off, and a list showed late what was true long "
            "before. Another said 11.7 s to gone where it was 8.8 s: deletions have no stamp. "
            "What a list shows is judged by its stamp now, or by the last delivery before it."
        ),
    ),
    "api-server-restart": Account(
        "An upgrade of the control plane, or an API server that was killed for its memory.",
        "Requests meanwhile fail and spoil the run if they are the run's; watches are listed "
        "again; counters of the process that is gone are not subtracted from those of the new one.",
        (*_REFUSED, *_WATCHES, "component_restart", "counters_fell", "not_counted"),
        "api-server-restart:at=5s,for=2s",
        "the API server is killed and started again two seconds later, in every stage "
        "(`tests/control_plane/test_endurance.py`).",
        seen=(
            "valid in warm-up and ramp-down, inconclusive in ramp-up (creates failed) and "
            "churn (operations failed, cycles did not recover); the objects were listed again "
            "each time."
        ),
    ),
    "node-loss": Account(
        "A machine loses its power or its network; fencing says that it is out of service.",
        "The node is named, the run is spoilt, and VMIs that did not become Running are listed "
        "with what their pods say.",
        ("nodes_not_ready", "stuck", "unfinished", "not_gone", "left_behind", "no_room",
         "component_restart", "component_gone", "not_counted"),
        "node-loss:at=3s,remedy=40s",
        "kubelet and virt-handler of one of four nodes fall silent, in ramp-up and in churn; "
        "kube-controller-manager finds the node not ready after 25 s "
        "(`--node-monitor-grace-period`), and it is then tainted out of service "
        f"{_TEST}. Kubelets and virt-handlers are hollow, so that no machine is lost: what goes "
        "on in one that is cut off and runs on is not played.",
        seen=(
            "inconclusive in both, for the node that became not ready. In ramp-up 5 of 10 VMIs "
            "were scheduled to it, Failed once it was out of service, and are listed as stuck and "
            "unfinished; in churn the cycles overlapped and recovered."
        ),
    ),
    "virt-controller-restart": Account(
        "virt-controller is killed for its memory, or its node is drained.",
        "Its counters begin anew, so its calls in the window are not known: the run is spoilt and "
        "says which process it was.",
        ("component_restart", "component_gone", "component_came", "leader_change", "not_counted"),
        "virt-controller-restart:at=3s",
        "virt-controller is killed and started again, in every stage "
        "(`tests/control_plane/test_endurance.py`).",
        seen='valid in every stage.',
    ),
    "leader-change": Account(
        "The leader could not renew its lease in time, under load or while etcd was slow.",
        "The run is spoilt: part of the window had no leader, and two processes shared the work. "
        "The finding names both.",
        ("component_restart", "component_gone", "component_came", "leader_change", "not_counted"),
        "leader-change:at=3s",
        "the lease is given to the other of two virt-controllers, in ramp-up and in churn; the "
        f"first goes on until it may not renew any more, ends, and is started again {_TEST}.",
        seen=(
            "inconclusive in both; the findings name both processes and the restart of the first. "
            "In an earlier run the first still said that it led when its counters were read, and "
            "both were named as leaders afterwards."
        ),
    ),
}  # fmt: skip

PROMISE: Final = (
    "Whatever it does: a figure of a valid run is true, as far as the definitions say that a watch "
    "can tell; one of another run is true, has no value, or is named by a finding."
)
DONE: Final = (
    "On the simulated cluster: random worlds with it, alone and with others, in one stage or all "
    "(`make swarm`), each figure of which is worked out again from the store's writes and the "
    "server's exchanges ([why so](../../adr/0050-figures-held-against-the-truth.md)); and a run "
    "of six VMIs under it, twice, byte for byte (`tests/simulated/test_runs_under_faults.py`)."
)


def fault_pages(generated: str) -> Iterator[tuple[str, str]]:
    """Each page's path below the reference, and its text. Raises KeyError for a missing account."""
    for name in FAULTS:
        yield f"faults/{name}.md", fault_page(name, generated)


def fault_page(name: str, generated: str) -> str:
    """The page of one fault."""
    kind, account = FAULTS[name], ACCOUNTS[name]
    lines = [f"# {name}", "", generated, "", f"What it does: {kind.text}.", ""]
    lines += [f"On a real cluster: {account.field}", ""]
    lines += ["| parameter | default | meaning |", "| --- | --- | --- |"]
    timing = {"at": kind.at, "for": kind.lasts or "", "every": kind.every, "stage": ""}
    for key in parameters_of(name):
        own = kind.parameters.get(key)
        default = own.default if own else timing[key]
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{key}` | {shown} | {own.text if own else TIMING[key]} |")
    lines += ["", "## What is promised", "", account.promise, "", PROMISE, ""]
    if account.findings:
        names = ", ".join(f"`{code}`" for code in _findings(name, account))
        link = "[findings](../definitions.md#verdicts-and-findings)"
        lines += [f"It can cause these {link}: {names}.", ""]
    lines += ["## What was done", "", DONE, ""]
    lines += [f"On a real control plane: {account.tested}", ""]
    lines += ["## What was seen", "", *_seen(name, account)]
    lines += ["## To try it", "", "```sh"]
    lines += [f"virtslo run burst --kind vmi --count 40 --simulate ci --fault {account.example}"]
    lines += ["```", "", "[Every fault](../faults.md)"]
    return "\n".join(lines) + "\n"


def _seen(name: str, account: Account) -> Iterator[str]:
    """What came of the tests, on the simulated cluster and on a real control plane."""
    runs = SEEN[name]
    told = ", ".join(f"`{code}` {count}" for code, count in runs.spoiled_by.items())
    others = f" What made the others inconclusive, by runs: {told}." if told else ""
    yield (
        f"Simulated: in {runs.complete} complete runs under it alone ({SEEDS}) every figure was as "
        f"promised; {runs.valid} of the runs were valid.{others}"
    )
    yield ""
    page = "[runs of ten VMIs](../../explanation/real-control-plane.md#faults)"
    yield f"Real ({page}): {account.seen}"
    yield ""
    if account.found:
        yield f"Found on the way, and mended: {account.found}"
        yield ""


def _findings(name: str, account: Account) -> Iterator[str]:
    """What the fault can cause, by its nature or as it was seen; that a world is too small is no
    fault's doing."""
    seen = SEEN[name]
    codes = dict.fromkeys((*account.findings, *seen.spoiled_by, *seen.noted))
    yield from (code for code in codes if code != "no_room" or code in account.findings)
