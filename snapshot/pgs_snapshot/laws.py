"""What a snapshot says about its own workflows: assertions, and the compiler's proof of each.

Laws:
* names are in full, and outcomes are written out: what an author leaves out stands here;
* each requirement has one proof for each workflow that `applies_to` selects.

A proof speaks of **points** of a workflow, in the order in which a run can come by them: `node` (entered),
`node/step=OUTCOME` (a step has ended), `node=OUTCOME` (the node has ended). Where a later step of the contract decides
by how an earlier one ended, its outcome stands in between: `node/register=ALREADY_EXISTS/audit=SUCCESS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from pgs_snapshot.frozen import frozen

What: TypeAlias = Literal[
    "contract",
    "transform",
    "store",
    "side_effect",
    "intent",
    "event",
    "exit",
    "actor",
    "config",
    "literal",
    "run",
]
"""The last four but `exit` are origins of values that have no other name."""

Form: TypeAlias = Literal["every_path_to", "after", "never", "only_from", "only_actors", "requires_event", "at_most"]


@frozen
class Selector:
    """Points of a workflow, or origins of a value. `outcomes` is empty for any."""

    what: What
    name: str = ""
    step: str | None = None
    operation: str | None = None
    outcomes: tuple[str, ...] = ()


@frozen
class Requirement:
    """One demand. What its members hold depends on the form; those that it does not use are empty:

    form | of | by | names | most
    every_path_to | what is reached | what was passed before | inputs of the same origin | –
    after | what happened | what follows on every way | – | –
    never | what happened | what does not follow | – | –
    only_from | the step | origins | the operand | –
    only_actors | what is reached | – | actors | –
    requires_event | exits | – | events, of which each exit emits one | –
    at_most | – | – | – | the limits by `nodes`, `steps` and `effects`
    """

    form: Form
    at: str
    of: tuple[Selector, ...] = ()
    by: tuple[Selector, ...] = ()
    names: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)


@frozen
class Selection:
    """Workflows by name, or by all of the properties that are not None; by none of them all workflows."""

    names: tuple[str, ...] | None = None
    tag: str | None = None
    domain: str | None = None
    subdomain: str | None = None


@frozen
class Assertion:
    name: str
    summary: str
    applies_to: Selection
    requires: tuple[Requirement, ...]
    at: str


RuleAbout: TypeAlias = Literal["domains", "side_effects", "implementations", "workflows", "stores", "limits"]


@frozen
class Rule:
    """A rule of a constitution. What its members hold depends on what it is about:

    domains | `of` may use no other domains than `names`
    side_effects | the only ones are `names`
    implementations | they lie in no other packages than `names`
    workflows | the assertions `names` are about each of them; each says the `words` about itself
    stores | each is written by contracts of one domain
    limits | no run takes more than `most`, by `nodes`, `steps` and `effects`
    """

    about: RuleAbout
    of: str = ""
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)


@frozen
class Constitution:
    """Rules that the declarations of some domains keep; the compiler has held them, so that the runtime need not."""

    name: str
    summary: str
    domains: tuple[str, ...]
    rules: tuple[Rule, ...]
    at: str


@frozen
class Proof:
    """Why one requirement holds in one workflow. What its members hold depends on the form:

    every_path_to, after, never | `reached`: the points at which the demand is still open, each with its states, and
    nothing else can be reached with it open; in groups, one for each origin that `same` has, else one called ""
    only_from, only_actors, requires_event | `found`: the origins under "", or the actors or events by node
    at_most | `counted`: by amount, the most that a run can still come by from each point on
    """

    assertion: str
    workflow: str
    requirement: int
    reached: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@frozen
class Proofs:
    """Everything that was proven, and of what: by workflow, the files that its proofs speak of, with their digests."""

    assertions: tuple[Proof, ...]
    rests_on: Mapping[str, Mapping[str, str]]
