"""Versions of programs: from what Go's linker writes, and nothing from anything else."""

from pathlib import Path

import pytest

from virtslo.plane.build_info import MAGIC, difference, version_of_program

AROUND = b"0w\xaf\x0c\x92t\x08\x02A\xe1\xc1\x07\xe6\xd6\x18\xe6"
MODULE = "path\tkubevirt.io/kubevirt/cmd/virt-api\nmod\tkubevirt.io/kubevirt\tv1.9.0\th1:x=\n"


def counted(text: bytes) -> bytes:
    """A text with its length before it, seven bits a byte."""
    length, head = len(text), b""
    while length > 0x7F:
        head += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + bytes([length]) + text


def program(modules: str, *, flags: int = 2, before: bytes = b"\x7fELF" + 28 * b"\0") -> bytes:
    header = MAGIC + bytes([8, flags]) + 16 * b"\0"
    return before + header + counted(b"go1.26.8") + counted(AROUND + modules.encode() + AROUND)


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "program"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("modules", "version"),
    [
        (MODULE, "v1.9.0"),
        (MODULE + "dep\tkubevirt.io/api\tv1.8.0\n" * 40, "v1.9.0"),
        ("path\tx\nmod\tx\t(devel)\t\ndep\tkubevirt.io/kubevirt\tv1.8.2\th1:y=\n", "v1.8.2"),
        ("mod\tkubevirt.io/kubevirt\t(devel)\t\n", ""),
        (
            (
                "mod\tkubevirt.io/kubevirt\t(devel)\t\n"
                "build\t-ldflags=\"-X 'kubevirt.io/client-go/version.gitVersion=v1.9.0-7-gabc'\"\n"
            ),
            "v1.9.0-7-gabc",
        ),
        (
            (
                "mod\tkubevirt.io/kubevirt\t(devel)\t\n"
                "build\tvcs.revision=0123456789abcdef0123456789abcdef01234567\n"
            ),
            "0123456789ab",
        ),
        ("mod\tx\t(devel)\t\ndep\tkubevirt.io/kubevirt\tv0.0.0\n=>\t../kubevirt\t(devel)\t\n", ""),
        ("mod\tk8s.io/kubernetes\tv1.36.3\t\n", ""),
    ],
)
def test_the_version_is_what_the_linker_wrote(tmp_path: Path, modules: str, version: str) -> None:
    assert version_of_program(written(tmp_path, program(modules))) == version


def test_a_text_that_only_looks_like_a_header_is_passed_over(tmp_path: Path) -> None:
    unaligned = b"\x7fELF" + 5 * b"\0" + MAGIC + 9 * b"\0"
    before = unaligned + MAGIC + 18 * b"\0"
    before += (-len(before) % 16) * b"\0"

    assert version_of_program(written(tmp_path, program(MODULE, before=before))) == "v1.9.0"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#!/bin/sh\nexec virt-api\n",
        MAGIC,
        program(MODULE)[:70],
        program(MODULE, flags=0),
        MAGIC + bytes([8, 2]) + 16 * b"\0" + counted(b"go1.26") + b"\xff\xff\xff\xff\xff",
        MAGIC + bytes([8, 2]) + 16 * b"\0" + 40 * b"\xff",
    ],
)
def test_another_file_has_no_version(tmp_path: Path, content: bytes) -> None:
    assert version_of_program(written(tmp_path, content)) == ""
    assert version_of_program(tmp_path / "absent") == ""
    assert version_of_program(tmp_path) == ""


def test_different_versions_are_named_and_unknown_ones_left_out(tmp_path: Path) -> None:
    paths = {}
    for name, version in (("virt-api", "v1.9.0"), ("virt-controller", "v1.8.2"), ("other", "")):
        paths[name] = tmp_path / name
        paths[name].write_bytes(program(MODULE.replace("v1.9.0", version)) if version else b"")

    assert difference(paths) == (
        "programs of different versions, which may not belong together: "
        "virt-api v1.9.0, virt-controller v1.8.2"
    )
    assert difference(dict.fromkeys(("virt-api", "virt-controller"), paths["virt-api"])) == ""
    assert difference({"other": paths["other"], "virt-api": paths["virt-api"]}) == ""
