"""A plan is complete before anything is touched, and the same for the same seed."""

from support.scenarios import planned, scenario
from virtslo.load.plan import Rendered, make_plan
from virtslo.model.kubernetes.client_limits import ClientLimit


def test_every_object_is_named_placed_and_labelled() -> None:
    plan = planned(scenario("vm", 5, workload={"namespaces": 2}, warmUp={"objects": 2}))

    assert plan.namespaces == ("virtslo-s1-0", "virtslo-s1-1")
    assert plan.owned_namespaces
    assert [o.index for o in plan.objects] == [0, 1, 2, 3, 4]
    assert len({o.name for o in (*plan.objects, *plan.warm_up)}) == 7
    for o in plan.objects:
        assert o.manifest["metadata"]["name"] == o.name
        assert o.manifest["metadata"]["namespace"] == o.namespace
        assert o.manifest["metadata"]["labels"]["virtslo.io/run"] == "s1"
    assert len(plan.offsets_ns) == 5


def test_the_specs_of_a_plan_are_one_shared_value() -> None:
    plan = planned(scenario("vm", 5))

    specs = {id(o.manifest["spec"]["template"]["spec"]) for o in plan.objects}
    assert len(specs) == 1


def test_objects_of_a_plain_template_share_all_that_the_run_does_not_write() -> None:
    plan = planned(scenario())

    assert len(plan.objects) > 1
    assert len({id(o.template) for o in plan.objects}) == 1


def test_the_same_seed_gives_the_same_plan_and_another_gives_another() -> None:
    given = scenario(
        "vmi",
        30,
        "steady-state",
        load={"arrival": {"process": "poisson", "rate": "10/s"}},
    )

    assert planned(given) == planned(given)
    assert planned(given, seed=2).offsets_ns != planned(given).offsets_ns
    assert planned(given, seed=2).cycles != planned(given).cycles


def test_deadlines_are_as_said_or_follow_from_the_ceiling() -> None:
    said = planned(scenario(deadlines={"running": "2m", "gone": "3m"}))
    default = planned(scenario())

    assert (said.running_deadline, said.gone_deadline) == (120.0, 180.0)
    assert (default.running_deadline, default.gone_deadline) == (600.0, 600.0)


def test_the_ceiling_uses_the_limit_that_is_in_effect() -> None:
    given = scenario(count=3, warmUp={"objects": 0})
    manifests = [o.manifest for o in planned(given).objects]
    plan = make_plan(
        given,
        Rendered(manifests),
        run_label="s1",
        seed=1,
        limit=ClientLimit(2.0, 4, "KubeVirt CR"),
    )

    assert plan.least_seconds == 4.0
    assert plan.usual_seconds == 10.0


def test_pools_are_groups_with_members() -> None:
    plan = planned(scenario("vmpool", 7, workload={"groups": 2}))

    assert [o.members for o in plan.objects] == [4, 3]
    assert [o.manifest["spec"]["replicas"] for o in plan.objects] == [4, 3]


def test_a_chosen_namespace_is_not_the_runs_own() -> None:
    assert not planned(scenario(workload={"namespace": "mine"})).owned_namespaces
