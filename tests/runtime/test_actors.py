"""Who acts on a local command line."""

from __future__ import annotations

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.actors import local_actor
from pgs_runtime.runtime import Actor
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import CLERK, REJECTED, actor, admit, ends, fields, graph, intent, sealed

SYSTEM = "core::AC_SYSTEM_V0"


def snapshot(**project: Value) -> Snapshot:
    done = graph(admit("done"), ends("done"), REJECTED)
    return sealed(intent(fields()), actor(name=SYSTEM), done, project=project)


def who(name: str, attributes: Value = None, domain: str = "desk", **project: Value) -> Actor:
    stated: Value = {} if attributes is None else attributes
    return local_actor(snapshot(**project), name, stated, "ada", domain)


@pytest.mark.parametrize(
    ("name", "domain", "found"),
    [
        (CLERK, "desk", CLERK),
        (CLERK, "other", CLERK),
        ("AC_CLERK_V0", "desk", CLERK),
        ("AC_SYSTEM_V0", "desk", SYSTEM),
        (SYSTEM, "", SYSTEM),
        ("AC_SYSTEM_V0", "", SYSTEM),
    ],
)
def test_a_role_is_named_in_full_or_as_the_domain_would_write_it(name: str, domain: str, found: str) -> None:
    assert who(name, domain=domain) == Actor(found, "ada", {})


def test_attributes_may_name_another_person_and_the_rest_is_of_the_role() -> None:
    assert who(CLERK, {"id": "eve", "branch": 5}) == Actor(CLERK, "eve", {"branch": 5})


def test_without_a_name_the_projects_own_actor_acts() -> None:
    assert who("", actor=SYSTEM).type == SYSTEM


def test_nobody_acts_where_nobody_is_named() -> None:
    with pytest.raises(Refusal) as refused:
        who("")
    assert (refused.value.code, refused.value.exit_code) == ("R017", ExitCode.REJECTED)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("AC_OTHER_V0", {}),
        ("other::AC_CLERK_V0", {}),
        (CLERK, []),
        (CLERK, "eve"),
        (CLERK, {"id": 5}),
        (CLERK, {"id": ""}),
        (CLERK, {"id": None}),
        (CLERK, {"type": SYSTEM}),
    ],
)
def test_what_names_no_actor_of_the_snapshot_is_refused(name: str, attributes: Value) -> None:
    with pytest.raises(Refusal) as refused:
        who(name, attributes)
    assert (refused.value.code, refused.value.exit_code) == ("R018", ExitCode.REJECTED)
