"""Reading by parts is reading the whole."""

import pytest
import yaml

from virtslo.base.yaml_reader import YamlProblem
from virtslo.config.manifests.reader import ManifestReader

HEAD = "apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\n"


@pytest.mark.parametrize(
    "body",
    [
        "spec:\n  a: {{ index }}\n",
        "spec: {a: [1,\n2]}\n",
        "spec:\n  a: 'two\n  lines'\nmetadata: {name: x}\n",
        "# a comment\nspec:\n  a: |\n    # no comment\n    key: value\n",
        "metadata: &m {labels: {x: y}}\nspec: {again: *m}\n",
        "metadata:\nspec:\n- 1\n- b: 2\n",
        "'spec': {a: 1}\n",
        'spec: {a: "x\\\n  y"}\nmetadata: {labels: {n: v}}\n',
        "spec:\n  ? complex\n  : value\n",
    ],
)
def test_what_is_read_by_parts_is_what_the_whole_says(body: str) -> None:
    reader = ManifestReader()
    for number in range(3):
        text = HEAD + body.replace("{{ index }}", str(number))

        assert reader.read(text) == yaml.safe_load(text)


def test_a_problem_has_its_line_in_the_whole_text() -> None:
    with pytest.raises(YamlProblem) as caught:
        ManifestReader().read(HEAD + "spec: {}\nmetadata: [\n")

    assert caught.value.line >= 4


def test_equal_values_of_different_texts_are_one() -> None:
    reader = ManifestReader()
    first, second = reader.read("a: {x: [1, 2]}\nb: 1\n"), reader.read("c:\n  x: [1, 2]\n")

    assert first["a"] is second["c"]
