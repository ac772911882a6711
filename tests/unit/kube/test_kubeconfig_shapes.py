"""Types of a kubeconfig's fields: what another type is said to be, and where."""

import pytest

from virtslo.kube.kubeconfig_shapes import decoded, shape_problems


def test_a_file_of_the_right_types_has_no_problem() -> None:
    document: dict[str, object] = {
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": "c", "cluster": {"certificate-authority-data": "aGk="}}, None],
        "users": [{"name": "u", "user": {"as-user-extra": {"a": None}, "exec": None}}],
        "contexts": None,
        "x-unknown": 5,
    }

    assert shape_problems(document) == []


def test_every_problem_is_named_without_a_value() -> None:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": 5, "certificate-authority-data": "!"}}],
        "users": [{"name": "u", "user": {"as-user-extra": {"s3cr3t": "s3cr3t"}}}, "s3cr3t"],
        "contexts": {"s3cr3t": 1},
        "extensions": [{"name": "a"}, {"name": "a"}],
    }

    assert shape_problems(document) == [
        "clusters[0].cluster.server: expected a text, found a number",
        "clusters[0].cluster.certificate-authority-data: expected base64, found something else",
        "users[0].user.as-user-extra[…]: expected a list of texts, found a text",
        "users[1]: expected a mapping, found a text",
        "contexts: expected a list of mappings, found a mapping",
        "extensions[1].name: expected each name once, found an earlier one's",
    ]


@pytest.mark.parametrize("value", ["false", 0, 1, []])
def test_a_truth_is_true_or_false_alone(value: object) -> None:
    (problem,) = shape_problems({"clusters": [{"cluster": {"disable-compression": value}}]})

    assert "expected true or false" in problem


@pytest.mark.parametrize(
    ("data", "content"), [("aG\r\nk=\n", b"hi"), ("aGk", None), ("a Gk=", None), ("!", None)]
)
def test_base64_is_what_go_decodes(data: str, content: bytes | None) -> None:
    assert decoded(data) == content
