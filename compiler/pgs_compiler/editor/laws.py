"""The form of assertions and constitutions: selectors, one form of requirement and one of rule for each key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from pgs_compiler.editor.parts import Form, by_key, choice, constant, each, listing, mapping, name, ref, word, words
from pgs_compiler.laws import Amount
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.parse.assertions import ALL, DOMAIN_NAME
from pgs_compiler.parse.constitutions import MUST_HAVE
from pgs_compiler.parse.selectors import ANY_OUTCOME, GIVERS, ORIGINS
from pgs_snapshot.values import MAX_INTEGER, Value


def _one_or_more(item: Form) -> Form:
    several: Form = {"type": "array", "items": item, "minItems": 1, "uniqueItems": True}
    return {"if": {"type": "array"}, "then": several, "else": item}


def _some(form: Form) -> Form:
    """A mapping of which at least one key is there."""
    return {**form, "minProperties": 1}


_ENDED: Form = {"anyOf": [constant(ANY_OUTCOME), word(OUTCOME)]}
_OUTCOME: Form = {**_one_or_more(word(OUTCOME)), "else": _ENDED}
_OPERATION = {"op": word(OUTCOME)}
_SELECTORS: Mapping[str, tuple[Form, Mapping[str, Form]]] = MappingProxyType(
    {
        "contract": (name("contract"), {"step": word(NODE), "outcome": _OUTCOME}),
        "process": (name("process"), {"outcome": _OUTCOME}),
        "transform": (name("transform"), {"outcome": _OUTCOME}),
        "store": (name("store"), {**_OPERATION, "outcome": _OUTCOME}),
        "side_effect": (name("side_effect"), {**_OPERATION, "outcome": _OUTCOME}),
        "intent": (name("intent"), {"outcome": _OUTCOME}),
        "wait": (_one_or_more(word(OUTCOME)), {}),
        "workflow": (name("workflow"), {"outcome": _OUTCOME}),
        "event": (name("event"), {}),
        "exit": (_one_or_more(word(OUTCOME)), {}),
        "any": (listing(ref("selector"), 1), {}),
    }
)
"""What stands under the first key of a selector, and what may stand beside it."""


def _selector(required: Mapping[str, Form], optional: Mapping[str, Form]) -> Form:
    """A selector, with more keys that belong to the form around it."""
    return by_key(
        {key: mapping({key: form, **required}, {**beside, **optional}) for key, (form, beside) in _SELECTORS.items()}
    )


def _never() -> Form:
    """A selector, or a label, with what it does not reach."""
    label = mapping({"label": word(NODE), "reaches": ref("selector")})
    return {"if": {"required": ["label"]}, "then": label, "else": _selector({"reaches": ref("selector")}, {})}


def definitions() -> dict[str, Value]:
    """The parts that refer to themselves, by their name under `$defs`."""
    return {"selector": _selector({}, {})}


_COUNT: Form = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}
_LIMITS = _some(mapping({}, dict.fromkeys(get_args(Amount), _COUNT)))
_GIVER = by_key(
    {kind: mapping({kind: name(kind)}, _OPERATION if "op" in _SELECTORS[kind][1] else {}) for kind in GIVERS}
)
_VALUE = mapping({"contract": name("contract"), "step": word(NODE), "operand": word()})
REQUIREMENTS: Mapping[str, Form] = MappingProxyType(
    {
        "every_path_to": mapping({"every_path_to": ref("selector"), "passes": _selector({}, {"same": words(word())})}),
        "after": mapping({"after": ref("selector"), "every_path_passes": ref("selector")}),
        "never": mapping({"never": _never()}),
        "value": mapping(
            {
                "value": _VALUE,
                "only_from": listing({"if": {"type": "string"}, "then": choice(ORIGINS), "else": _GIVER}, 1),
            }
        ),
        "distinct_actors": mapping({"distinct_actors": {**words(word(NODE)), "minItems": 2}}),
        "only_actors": mapping({"only_actors": words(name("actor")), "of": ref("selector")}),
        "requires_event": mapping({"requires_event": _one_or_more(name("event")), "at": ref("selector")}),
        "at_most": mapping({"at_most": _some(mapping({}, dict.fromkeys(get_args(Amount), _COUNT)))}),
    }
)
_PROPERTIES = mapping({}, {"tag": word(), "domain": word(DOMAIN_NAME), "subdomain": word()})
_WORKFLOWS: Form = {
    "if": {"type": "array"},
    "then": words(name("workflow")),
    "else": {"if": {"type": "object"}, "then": _some(_PROPERTIES), "else": constant(ALL)},
}
ASSERTION = mapping({"applies_to": mapping({"workflows": _WORKFLOWS}), "requires": listing(by_key(REQUIREMENTS), 1)})

# --- constitutions -------------------------------------------------------------------------------

_MAY_USE = mapping({"may_use": words(word(DOMAIN_NAME))})
_ONLY_BY = mapping({"declassified_only_by": words(name("transform"))})
_OF_WORKFLOWS = {"must_satisfy": words(name("assertion")), "must_have": words(choice(MUST_HAVE))}
RULES: Mapping[str, Form] = MappingProxyType(
    {
        "domains": mapping({"domains": _some(each(DOMAIN_NAME, _MAY_USE))}),
        "side_effects": mapping({"side_effects": mapping({"allowed": words(name("side_effect"))})}),
        "implementations": mapping({"implementations": mapping({"packages": words(word())})}),
        "workflows": mapping({"workflows": _some(mapping({}, _OF_WORKFLOWS))}),
        "stores": mapping({"stores": mapping({"written_by_one_domain": {"const": True}})}),
        "labels": mapping({"labels": _some(each(NODE, _ONLY_BY))}),
        "limits": mapping({"limits": _LIMITS}),
    }
)
_GOVERNS = mapping({"domains": words(word(DOMAIN_NAME))}, {"except_subdomains": words(word())})
CONSTITUTION = mapping({"governs": _GOVERNS, "rules": listing(by_key(RULES), 1)})
