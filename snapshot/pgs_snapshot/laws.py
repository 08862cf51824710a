"""What a snapshot says about its own workflows: assertions, and the compiler's proof of each.

Laws:
* names are in full, and outcomes are written out: what an author leaves out stands here;
* each requirement has one proof for each workflow that `applies_to` selects.

A proof speaks of **points** of a workflow, in the order in which a run can come by them: `node` (entered),
`node/step=OUTCOME` (a step has ended), `node=OUTCOME` (the node has ended). Where a later step of the contract decides
by how an earlier one ended, its outcome stands in between: `node/register=ALREADY_EXISTS/audit=SUCCESS`.

* What is called is written out: `pay(shop::WF_PAY_V0) > admit=ACK`. A loop takes items as long as it likes: from
  `all` or `all(ok)` to one behind items that have all completed, from `all(some)` to one behind others
  (`all(shop::WF_PAY_V0)! > admit`), and from an item to `all(ok)`, `all(some)` or `all=STOPPED`.
* Nodes with an `undo` stand behind every point from their entry on: `{book yes*}` has `book` which changed something
  (`no`, `yes`, or `maybe` if a call within failed since), and `*` if a commit lies behind its entry; `>` for each call
  around it. One that has ended and changed nothing is left out. A FAILED exit undoes those of its own workflow with
  `*`, the last first, `maybe` or not at all: `failed~book`, `failed~book/release=SUCCESS`.
* A demand on paths has a state for every point: a letter for each savepoint, the run's and that of each call around
  the point, and one letter more. The last says how the demand stands; each other, how it would if all effects since
  that savepoint were undone. A call repeats the last letter and its end drops the one before it; a FAILED exit takes
  that one for the last; a commit makes all letters the last. Letters are `o`pen and `p`assed for `every_path_to`,
  `i`dle and `w`aiting for `after`; for `never`, which counts what is undone as well, one of `i`dle and `m`et. Nothing
  is said of points where all is passed. The run's own letter is `p` where no FAILED exit of the run is asked about.
* An effect that a FAILED exit undoes is an operation that writes, a contract with one, an event of a call, and a call
  that changes something and did not fail itself; if it commits, then only as something that is passed.
* `at_most` speaks of the workflow's own points alone, at which a call is one step, with all that it takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from pgs_snapshot.frozen import frozen

What: TypeAlias = Literal[
    "contract",
    "process",
    "transform",
    "store",
    "side_effect",
    "intent",
    "event",
    "exit",
    "wait",
    "workflow",
    "actor",
    "config",
    "literal",
    "run",
]
"""The last four are origins of values that have no other name."""

Form: TypeAlias = Literal[
    "every_path_to",
    "after",
    "never",
    "label",
    "only_from",
    "only_actors",
    "distinct_actors",
    "requires_event",
    "at_most",
]


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
    label | what is given data | – | the label, which none of that carries | –
    only_from | the step | origins | the operand | –
    only_actors | what is reached | – | actors | –
    distinct_actors | – | – | nodes, at each of which another person acts | –
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


RuleAbout: TypeAlias = Literal["domains", "side_effects", "implementations", "workflows", "stores", "labels", "limits"]


@frozen
class Rule:
    """A rule of a constitution. What its members hold depends on what it is about:

    domains | `of` may use no other domains than `names`
    side_effects | the only ones are `names`
    implementations | they lie in no other packages than `names`
    workflows | the assertions `names` are about each of them; each says the `words` about itself
    stores | each is written by contracts of one domain
    labels | the label `of` is removed by no other transforms than `names`
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
    except_subdomains: tuple[str, ...] = ()


@frozen
class Proof:
    """Why one requirement holds in one workflow. What its members hold depends on the form:

    every_path_to, after, never | `reached`: the points at which the demand is still open, each with its states, and
    nothing else can be reached with it open; in groups, one for each origin that `same` has, else one called ""
    label | `found`: by node and step that is given data, where all of that begins
    only_from | `found`: the origins, under ""
    only_actors, requires_event | `found`: the actors or events by node
    distinct_actors | `found`: by the end of a wait under a signal, those of the nodes where somebody has acted before
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
