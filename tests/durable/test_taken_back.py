"""What is taken back stays so, whatever fails around it."""

from __future__ import annotations

from tests.durable.ward import Ward, ward_of

CHART = "clinic::ST_CHART_V0"


def test_what_a_workflow_took_back_stays_so_when_the_one_that_called_it_fails_as_well() -> None:
    """The second chart is struck by the callee that fails; the first treatment was ended and is not the callee's."""
    ward = Ward()
    ward.treat_two()
    ward.says()
    ward.behaves("gone")
    ward.says()
    ending = ward.trace.ending
    assert ending is not None
    assert (ending.kind, ending.effects[CHART], ending.undone) == ("FAILED", {"APPEND": 3}, False)
    assert len(ward.runtime.store.events(CHART, "W1", 1, 9)) == 3


def test_what_each_of_several_items_took_back_stays_so_when_the_run_is_cancelled() -> None:
    ward = ward_of("round_cancelled")
    ending = ward.trace.ending
    assert ending is not None
    assert (ending.kind, ending.effects, ending.undone) == ("CANCELLED", {CHART: {"APPEND": 4}}, False)
    assert [len(ward.runtime.store.events(CHART, where, 1, 9)) for where in ("W1", "W2", "W3")] == [2, 0, 2]
