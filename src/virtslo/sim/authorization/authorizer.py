"""Decisions about access: what a user may do, and the words of a refusal.

Invariant: `system:masters` may do everything and is asked nothing; every other user may do what
roles give it, and no more. A refusal has the API server's words.
"""

from typing import Any, Final, NamedTuple

from virtslo.base.errors import Forbidden
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.go_text import go_quoted
from virtslo.sim.authorization.roles import Held, Roles
from virtslo.sim.authorization.rules import FULL_AUTHORITY, Rule, allows
from virtslo.sim.storage.object_store import ObjectStore

MASTERS: Final = "system:masters"


class Decision(NamedTuple):
    """Whether something is allowed, and by what or why not."""

    is_allowed: bool
    reason: str = ""


class Authorizer:
    """Decides by the roles and bindings of a store."""

    def __init__(self, store: ObjectStore) -> None:
        self.roles = Roles(store)

    def decide(self, user: Identity, asked: Attributes) -> Decision:
        """Whether a user may do something."""
        if MASTERS in user.groups:
            return Decision(is_allowed=True)
        problems: list[str] = []
        for held in self.roles.held(user, asked.namespace):
            if held.problem:
                problems.append(held.problem)
            for rule in held.rules:
                if allows(rule, asked):
                    return Decision(is_allowed=True, reason=f"RBAC: allowed by {held.source}")
        return Decision(is_allowed=False, reason=f"RBAC: {told(problems)}" if problems else "")

    def check(self, user: Identity, asked: Attributes) -> None:
        """Refuse what a user may not do. Raises Forbidden."""
        decision = self.decide(user, asked)
        if not decision.is_allowed:
            raise refusal(user, asked, decision.reason)

    def held(self, user: Identity, namespace: str) -> tuple[list[Rule], list[str]]:
        """Every rule that holds for a user, and what is wrong with its bindings."""
        found: list[Held] = list(self.roles.held(user, namespace))
        rules = [rule for held in found for rule in held.rules]
        if MASTERS in user.groups and not rules:
            rules = list(FULL_AUTHORITY)  # no roles are installed
        return rules, [held.problem for held in found if held.problem]

    def rules_status(self, user: Identity, namespace: str) -> Object:
        """The answer to a SelfSubjectRulesReview."""
        rules, problems = self.held(user, namespace)
        status: dict[str, Any] = {
            "resourceRules": [
                _with(rule, "verbs", "apiGroups", "resources", "resourceNames")
                for rule in rules
                if rule.get("resources")
            ],
            "nonResourceRules": [
                _with(rule, "verbs", "nonResourceURLs")
                for rule in rules
                if rule.get("nonResourceURLs")
            ],
            "incomplete": False,
        }
        return {**status, "evaluationError": told(problems)} if problems else status


def refusal(user: Identity, asked: Attributes, reason: str = "") -> Forbidden:
    """403 for what a user may not do."""
    who = go_quoted(user.username)
    if asked.is_resource:
        where = (
            f"in the namespace {go_quoted(asked.namespace)}"
            if asked.namespace
            else "at the cluster scope"
        )
        words = (
            f"User {who} cannot {asked.verb} resource {go_quoted(asked.combined)} in API group "
            f"{go_quoted(asked.group)} {where}"
        )
    else:
        words = f"User {who} cannot {asked.verb} path {go_quoted(asked.path)}"
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if reason:
        words = f"{words}: {reason}"
    return denied(asked.group, asked.resource, asked.name, words)


def denied(group: str, resource: str, name: str, words: str) -> Forbidden:
    """403 with words of its own."""
    about = f"{resource}.{group}" if group else resource
    head = f"{about} {go_quoted(name)} is " if name else f"{about} is " if about else ""
    details = {"name": name, "group": group, "kind": resource}
    return Forbidden(
        f"{head}forbidden: {words}",
        details={key: value for key, value in details.items() if value},
    )


def told(problems: list[str]) -> str:
    """Problems as Go tells several errors as one."""
    once = list(dict.fromkeys(problems))
    return once[0] if len(once) == 1 else f"[{', '.join(once)}]"


def _with(rule: Rule, *names: str) -> Object:
    return {name: list(rule[name]) for name in names if rule.get(name)}
