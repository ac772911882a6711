"""A regression on purpose makes its calls once for every VMI that comes to run."""

from collections import Counter

from support.hollow_clusters import Hollow, in_hollow_cluster, vmi
from virtslo.model.kubernetes import resources

COUNT = 3


def _calls_of_virt_controller(profile: str) -> Counter[str]:
    async def bring_up(hollow: Hollow) -> Counter[str]:
        for index in range(COUNT):
            await hollow.api.create(resources.VMIS, vmi(f"vmi-{index}"))
        for index in range(COUNT):
            await hollow.until_status(resources.VMIS, f"vmi-{index}", "phase", "Running")
        await hollow.clock.sleep_until(hollow.clock.now_ns() + 10_000_000_000)
        return Counter(
            f"{line['verb']} {line['objectRef']['resource']}"
            for line in hollow.audit_log
            if line["userAgent"].startswith("virt-controller/") and line["verb"] in {"get", "patch"}
        )

    return in_hollow_cluster(bring_up, profile=profile)


def test_every_running_vmi_costs_one_read_of_its_node_and_one_patch_more() -> None:
    extra = _calls_of_virt_controller("regressed") - _calls_of_virt_controller("ci")

    assert extra["get nodes"] == COUNT
    assert extra["patch virtualmachineinstances"] == COUNT
