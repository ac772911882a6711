"""Check and prepare a release: one version everywhere, the krew archive and its manifest.

    python tools/release.py check v0.2.0
    python tools/release.py notes v0.2.0
    python tools/release.py krew v0.2.0 --homepage URL --uri URL -o DIR

Exit code 1: something of the release does not agree; every problem is printed.
"""

import argparse
import gzip
import hashlib
import io
import re
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KREW = ROOT / "deploy" / "krew"
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_CITED = re.compile(r"^version: (\S+)$", re.MULTILINE)
_TAG = re.compile(r"v\d+\.\d+\.\d+((a|b|rc)\d+)?")


def problems(tag: str, root: Path = ROOT) -> list[str]:
    """What does not agree with a tag: source, citation, changelog."""
    if not _TAG.fullmatch(tag):
        return [f"tag: expected v1.2.3 or v1.2.3rc1, found {tag!r}"]
    version = tag[1:]
    found = []
    for name, pattern in (("src/virtslo/__init__.py", _VERSION), ("CITATION.cff", _CITED)):
        match = pattern.search((root / name).read_text(encoding="utf-8"))
        stated = match.group(1) if match else "no version"
        if stated != version:
            found.append(f"{name}: expected {version}, found {stated}")
    if not notes(tag, root):
        found.append(f"CHANGELOG.md: expected a section [{version}] with entries, found none")
    return found


def notes(tag: str, root: Path = ROOT) -> str:
    """The changelog's section of a version, without its heading; empty where there is none."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^## \[([^\]]+)\].*$", text, flags=re.MULTILINE)
    by_version = dict(zip(sections[1::2], sections[2::2], strict=True))
    return by_version.get(tag[1:], "").strip()


def krew_archive(version: str) -> bytes:
    """The plugin's archive: the same bytes whenever and wherever it is made."""
    script = (KREW / "kubectl-virtslo").read_text(encoding="utf-8").replace("@VERSION@", version)
    files = (
        ("kubectl-virtslo", script.encode(), 0o755),
        ("LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    )
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data, mode in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def krew_manifest(version: str, archive: bytes, *, homepage: str, uri: str) -> str:
    """The manifest for krew's index."""
    text = (KREW / "virtslo.yaml").read_text(encoding="utf-8")
    values = {
        "VERSION": version,
        "HOMEPAGE": homepage,
        "URI": uri,
        "SHA256": hashlib.sha256(archive).hexdigest(),
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return "\n".join(line for line in text.splitlines() if not line.startswith("#")) + "\n"


def main() -> int:
    """Carry out a command; see the module's text."""
    parser = argparse.ArgumentParser(description="Check and prepare a release.")
    parser.add_argument("command", choices=["check", "notes", "krew"])
    parser.add_argument("tag", help="Tag of the release, such as v0.2.0.")
    parser.add_argument("--homepage", default="", help="Address of the project.")
    parser.add_argument("--uri", default="", help="Address from which krew fetches the archive.")
    parser.add_argument("-o", "--output", type=Path, default=Path("dist"), help="Folder.")
    given = parser.parse_args()
    found = problems(given.tag)
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    if given.command == "notes":
        print(notes(given.tag))
    elif given.command == "krew":
        version = given.tag[1:]
        archive = krew_archive(version)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "kubectl-virtslo.tar.gz").write_bytes(archive)
        manifest = krew_manifest(version, archive, homepage=given.homepage, uri=given.uri)
        (given.output / "virtslo.yaml").write_text(manifest, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
