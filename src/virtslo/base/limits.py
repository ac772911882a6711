"""Every limit on what is read from outside, in one place.

Invariant: a limit is generous for what is real and small against what ends a process; a reader
that meets one refuses with the limit's own words and never cuts in silence. The table in
`docs/reference/limits.md` is this module's, and a test holds the two together.
"""

from dataclasses import dataclass
from typing import Final

_KIB: Final = 1024
_MIB: Final = 1024 * 1024
_GIB: Final = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that is read of one kind of thing."""

    subject: str
    most: int
    unit: str = "bytes"

    def __str__(self) -> str:
        return f"at most {self.amount}"

    @property
    def amount(self) -> str:
        """The number with its unit, for messages: `1 MiB`, `64 levels`."""
        if self.unit != "bytes":
            return f"{self.most:,} {self.unit}".replace(",", " ")
        for size, name in ((_GIB, "GiB"), (_MIB, "MiB"), (_KIB, "KiB")):
            if self.most % size == 0:
                return f"{self.most // size} {name}"
        return f"{self.most} bytes"


WORKLOAD_FILE: Final = Limit("a scenario, suite, objectives or workload file", _MIB)
TEMPLATE_FILE: Final = Limit("a template", 256 * _KIB)
KUBECONFIG_FILE: Final = Limit("a kubeconfig", 4 * _MIB)
PLUG_IN_ANSWER: Final = Limit("what an exec plug-in prints", _MIB)
PLUG_IN_TIME: Final = Limit("the time of an exec plug-in", 120, "seconds")
CREDENTIAL_FILE: Final = Limit("a file with a token, a certificate or a key", _MIB)
PIPE_TIME: Final = Limit("the time until a pipe named as a file ends", 60, "seconds")

YAML_VALUES: Final = Limit("values in a YAML file, aliases counted in full", 100_000, "values")
YAML_DEPTH: Final = Limit("levels in a YAML file", 64, "levels")
BODY_VALUES: Final = Limit(
    "values in a YAML body sent to the simulated server, aliases counted in full",
    500_000,
    "values",
)
BODY_BYTES: Final = Limit("a request body sent to the simulated server", 3 * _MIB)
BODY_DEPTH: Final = Limit("levels in a request body sent to the simulated server", 200, "levels")
PATCH_OPERATIONS: Final = Limit("operations of a JSON patch", 10_000, "operations")

RECORD_DOCUMENT: Final = Limit("`run.json`, `host.json` and `suite.json` of a record", 64 * _MIB)
RECORD_READS: Final = Limit("`rest_calls.json` of a record", 512 * _MIB)
RECORD_FILE: Final = Limit("a file of lines in a record, compressed", 4 * _GIB)
RECORD_MEMBER: Final = Limit("one gzip member of a record, decompressed", 64 * _MIB)
RECORD_RATIO: Final = Limit("a record's file decompressed, against its size", 200, "times")
RECORD_LEAST: Final = Limit("a record's file decompressed, whatever its size", 64 * _MIB)
PUBLISHED_FILE: Final = Limit("a file of published results", 64 * _MIB)
PUBLISHED_LINE: Final = Limit("a line of published results", 16 * _MIB)
PUBLISHED_LINES: Final = Limit("a file of lines of published results, decompressed", 4 * _GIB)
GIT_ANSWER: Final = Limit("what git lists of a clone", 512 * _MIB)
GIT_TIME: Final = Limit("the time in which git lists a clone", 300, "seconds")
ACKNOWLEDGED_FILE: Final = Limit("a file of acknowledged findings", _MIB)
ANNOTATIONS_FILE: Final = Limit("a file of annotations of a history", _MIB)
PLANE_FILE: Final = Limit("what is written of a plane, and an audit policy", _MIB)
SOURCE_FILE: Final = Limit("a file of a source tree of KubeVirt", 16 * _MIB)
SOURCE_FILES: Final = Limit(
    "Go files of a package, and Go files that no commit has", 5_000, "files"
)
SOURCE_SAID: Final = Limit("what git says of a source tree", 256 * _MIB)
SOURCE_TREE: Final = Limit("a commit of a source tree, unpacked", 4 * _GIB)
TREE_FILES: Final = Limit("files of a commit of a source tree", 500_000, "files")
SOURCE_DEPTH: Final = Limit("folders above a file of a commit of a source tree", 64, "levels")
AUDIT_LINE: Final = Limit("a line of an API server's audit log", 64 * _MIB)

TRACE_FILE: Final = Limit("a trace, decompressed, or a trace of SimKube's", 512 * _MIB)
TRACE_LINES: Final = Limit("arrivals and deletions of a trace", 2_000_000, "lines")
REPLAY_ARRIVALS: Final = Limit("objects that a replay creates", 200_000, "objects")
REPLAY_MEMBERS: Final = Limit("VMIs of a replay, members of pools counted", 1_000_000, "VMIs")

SWEEP_POINTS: Final = Limit("points of a sweep", 100_000, "points")
POINT_ARCHIVE: Final = Limit("the record of a sweep's point, packed by a worker", 512 * _MIB)

PROBLEMS: Final = Limit("problems that one message lists", 50, "problems")
SHOWN_TEXT: Final = Limit("text from elsewhere that a message shows", 256, "characters")
REPORT_WORD: Final = Limit("a name or another word in what is made for people", 512, "characters")
REPORT_TEXT: Final = Limit("a line or cell of what is made for people", 8_000, "characters")
ANSWER_BYTES: Final = Limit("an answer of an API server", 256 * _MIB)
ANSWER_DEPTH: Final = Limit("levels in an answer that is no list or object", 200, "levels")
LIST_PAGES: Final = Limit("pages of one list", 100_000, "pages")
RETRY_AFTER: Final = Limit("the time that a server may ask to wait", 300, "seconds")
SERVICE_ANSWER: Final = Limit(
    "an answer of a Prometheus, an OpenSearch or a Pushgateway", 256 * _MIB
)
WATCH_LINE: Final = Limit("an event of a watch", 64 * _MIB)


def every_limit() -> tuple[Limit, ...]:
    """All of them, in the order of this module."""
    return tuple(value for value in globals().values() if isinstance(value, Limit))
