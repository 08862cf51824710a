"""Every rule of the compiler: a stable code, a slug, a severity and one line. `explain/CODE.md` has its page.

Families: S1xx source · D2xx declaration · N3xx names · T4xx types and paths · F5xx flow · C6xx capabilities,
purity, stores · P7xx processes · A8xx assertions, labels · I9xx import · Z9xx seal.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the compiler.

    Attributes:
        waivable: why a snapshot is sound although the rule is broken; "" where it would not be, so that no
            waiver helps.
    """

    code: str
    slug: str
    severity: Literal["error", "warning"]
    title: str
    waivable: str = ""


def _rules(*rules: Rule) -> MappingProxyType[str, Rule]:
    return MappingProxyType({rule.code: rule for rule in rules})


def _error(code: str, slug: str, title: str, waivable: str = "") -> Rule:
    return Rule(code, slug, "error", title, waivable)


def _warning(code: str, slug: str, title: str) -> Rule:
    return Rule(code, slug, "warning", title, "it is a warning, and what is compiled does what it says")


RULES = _rules(
    # S1xx: the source text
    _error("S101", "unreadable-file", "A source file could not be read"),
    _error("S102", "not-utf8", "A source file is UTF-8 without a byte order mark"),
    _error("S103", "yaml-syntax", "A source file is YAML"),
    _error("S104", "duplicate-key", "A key stands once in a mapping"),
    _error("S105", "ambiguous-scalar", "A plain scalar means the same in YAML 1.1 and 1.2"),
    _error("S106", "anchor-or-alias", "Anchors, aliases and merge keys are not used"),
    _error("S107", "tag", "Tags are not used"),
    _error("S108", "directive", "Directives are not used"),
    _error("S109", "key-not-string", "A key is a string"),
    _error("S110", "forbidden-character", "Text holds no control, bidirectional or invisible characters"),
    _error("S111", "not-nfc", "Text is in Unicode normalization form C"),
    _error("S112", "number-range", "A number is exact in JSON: integers within 2^53-1, no NaN, no infinity"),
    _error("S113", "limit", "A source file stays within the documented limits"),
    _error("S114", "unquoted-reference", "A reference with brackets inside a flow value is quoted"),
    _error("S115", "empty", "A source file declares something"),
    # D2xx: the form of declarations
    _error("D201", "unknown-key", "A document uses the keys of its kind"),
    _error("D202", "missing-key", "A required key is there"),
    _error("D203", "wrong-shape", "A key holds a value of the shape that it asks for"),
    _error("D204", "name-form", "A name has the form that its position asks for"),
    _error("D205", "unknown-choice", "A word from a closed list is one of its words"),
    _error("D206", "wrong-prefix", "A name's prefix is that of the kind it stands for"),
    _error("D207", "named-twice", "A list names each thing once"),
    _error("D208", "no-last-name", "A reference in a list has a last name to bind it under"),
    _error("D209", "unknown-form", "A value form is one of the language's"),
    _error("D210", "default-form", "`$default` takes a reference and what stands in for it"),
    _error("D211", "text-form", "`$text` has a value for each placeholder and a placeholder for each value"),
    _error("D212", "condition-form", "A condition is one operator with its operands"),
    _error("D213", "not-yet", "This version compiles the word that is used"),
    _error("D214", "unknown-kind", "The first key of a document says what it declares"),
    _warning("D215", "no-summary", "Every declaration says in one line what it is for"),
    _error("D216", "node-kind", "A node, step or entity is of exactly one kind"),
    _error("D217", "case-form", "A case is an outcome with a condition, or with `otherwise`"),
    _error("D218", "selector-form", "A selector names one kind of thing"),
    _error("D219", "requirement-form", "A requirement is of exactly one form"),
    _error("D220", "not-waivable", "A waiver is of a rule that a sound snapshot can break"),
    _error("D221", "expired-waiver", "A waiver has not run out"),
    _warning("D222", "idle-waiver", "A waiver waives something"),
    # N3xx: names
    _error("N301", "declared-twice", "A name is declared once"),
    _error("N302", "unknown-name", "A reference names something that is declared"),
    _error("N303", "ambiguous-name", "A short name means one declaration"),
    _error("N304", "entity-cycle", "An entity does not hold itself"),
    _error("N305", "unknown-label", "A label is one of the project's"),
    _error("N306", "reserved-domain", "Only what comes with PGS is declared in `core`"),
    # T401–T419: references and values
    _error("T401", "reference-form", "A reference is a path of names, indexes, slices and wildcards"),
    _error("T402", "unknown-root", "A reference starts at a root that is in reach"),
    _error("T403", "out-of-reach", "A reference names a node, step or member that is in reach"),
    _error("T404", "leads-nowhere", "A path follows the declared schema"),
    _error("T405", "unknown-input", "Only declared inputs are bound"),
    _error("T406", "misfit", "A value can fit the input that it is bound to"),
    _error("T407", "unbound-input", "Every required input is bound"),
    _error("T408", "may-be-absent", "A value that has to be there is there on every way"),
    _warning("T409", "idle-default", "A default stands in for something that may be absent"),
    _error("T410", "text-part", "A text is made of strings and integers"),
    _error("T411", "no-record", "Only a record can be passed on whole"),
    _error("T412", "comparison", "An operator compares values of types that it can compare"),
    _warning("T413", "idle-exists", "`exists` asks about something that may be absent"),
    _error("T414", "unproven-input", "What only may fit is given to a contract that has an outcome for misfits"),
    _error("T415", "unproven-event", "What an exit emits surely fits the event"),
    _error("T416", "open-reason", "The reason of an exit is a word or an enumeration"),
    _error("T417", "uneven-with", "All edges into a node carry the same arguments"),
    _error("T418", "variable-clash", "A variable of a transform stands for one schema"),
    _error("T419", "unbound-variable", "A variable in what a transform gives stands in its inputs"),
    # T420–T433: schemas
    _error("T420", "schema-form", "A schema is a mapping of keywords, each with a value of its kind"),
    _error("T421", "unknown-keyword", "A schema uses the keywords of the language"),
    _error("T422", "unknown-type", "A type is one of the seven of JSON Schema"),
    _error("T423", "keyword-type", "A keyword belongs to the type of its schema"),
    _error("T424", "misplaced-keyword", "A keyword stands where it means something"),
    _error("T425", "crossed-bounds", "Some value lies between the bounds of a schema"),
    _error("T426", "enumeration", "An enumeration has members, each once"),
    _error("T427", "value-misfit", "The values written in a schema fit it"),
    _error("T428", "pattern", "A pattern is an I-Regexp (RFC 9485) without anchors"),
    _error("T429", "unknown-format", "A format is one of the language's"),
    _error("T430", "required", "`required` names declared properties without a default, each once"),
    _error("T431", "field-name", "A field has a name that references can spell"),
    _error("T432", "empty-object", "An object says which members it has"),
    _error("T433", "schema-size", "A schema stays within the documented size with its entities written out"),
    _warning("T440", "lookalike", "A text that reads like a reference is one"),
    # T450–T453: loops, choices and waits
    _error("T450", "no-list", "`each` goes over a list"),
    _error("T451", "no-choice", "`choose` chooses by an enumeration of words"),
    _error("T452", "match", "A signal is matched by fields of its event that can be equal"),
    _error("T453", "deadline", "A wait ends after a duration or at a time"),
    # T460–T465: defaults among items, and what transports carry
    _error("T460", "filled-alike", "Items that have to differ have no defaults"),
    _error("T461", "read-from-text", "What a request carries as text is a string, an integer or a boolean"),
    _error("T462", "label-lost", "A payload keeps the labels of what it is made of"),
    _error("T463", "request-id", "A request id is a string"),
    _error("T464", "header", "A header is written in small letters, and does not say who asks"),
    _error("T465", "bodiless", "A GET and a DELETE have no body"),
    # F5xx: flow
    _error("F501", "unhandled-outcome", "Every outcome of a node has an edge"),
    _error("F502", "impossible-outcome", "An edge stands for an outcome that the node can have"),
    _error("F503", "unknown-node", "An edge leads to a node of the workflow"),
    _error("F510", "second-way-in", "A workflow starts at its one intent"),
    _error("F511", "rejection", "NACK, and nothing else, leads to a REJECTED exit"),
    _error("F512", "shared-intent", "An intent starts one workflow"),
    _warning("F513", "nobody-admitted", "An intent admits somebody"),
    _error("F514", "no-such-rule", "What may be overridden is a named rule of the intent"),
    _error("F515", "nobody-overrides", "Somebody may override a rule that may be overridden"),
    _error("F516", "endless-override", "An override lasts for a minute at least, and for 31 days at most"),
    _error("F517", "no-subject", "A subject is named by a text or a whole number of the payload"),
    _error("F520", "cycle", "A workflow has no cycle"),
    _error("F521", "unreachable", "Every node is reachable"),
    _error("F522", "dead-end", "Every way ends in an exit"),
    _error("F523", "graph-limit", "Workflows and contracts stay within the documented limits"),
    _error("F530", "undeclared-outcome", "A contract declares every outcome that its steps can end with"),
    _error("F531", "nothing-behind", "The last step of a contract ends it"),
    _error("F532", "idle-outcome", "A contract declares no outcome that its steps cannot end with"),
    _error("F533", "unknown-step-outcome", "A step's `next` names outcomes of the step"),
    _error("F534", "cut-off-step", "Every step can be reached"),
    _error("F535", "dead-case", "Every case of a decision can be reached"),
    _error("F536", "partial-decision", "A decision says what happens when no case holds"),
    _error("F540", "uneven-exits", "Exits of one name are of one kind and give the same result"),
    _error("F541", "emits-nothing", "Only a COMPLETED or DENIED exit emits"),
    # F550–F572: calls, loops, waits, points of no return, what nothing uses
    _error("F550", "call-cycle", "No workflow calls itself, however far round"),
    _error("F551", "unadmitted-caller", "Whoever may start a workflow is admitted by those that it calls"),
    _error("F552", "partial-choice", "A choice of workflows covers its enumeration"),
    _error("F553", "dead-choice", "Every workflow of a choice can be called"),
    _error("F554", "unknown-exit", "`on_item` names exits of what is called"),
    _error("F555", "concurrent-stop", "What runs concurrently is not stopped"),
    _error("F556", "work", "The most that one run can do stays within the documented limits"),
    _error("F557", "not-undone", "What a FAILED exit cannot take back has an `undo`"),
    _warning("F558", "idle-undo", "An `undo` is there where it can be needed"),
    _error("F559", "second-effect", "A contract with an external effect has no other effect"),
    _error("F560", "nobody-acted", "`not_actor_of` names nodes at which somebody surely has acted"),
    _error("F561", "reserved-outcome", "EXPIRED and UNKNOWN mean what the language says"),
    _warning("F570", "idle-step", "A step that only computes or reads gives something that is used"),
    _warning("F571", "idle-argument", "What an edge carries is used by the node behind it"),
    _warning("F572", "idle-output", "What is given is used by somebody"),
    # C60x: implementations and what they import
    _error("C601", "implementation-form", "An implementation is written `package.module:attribute`"),
    _error("C602", "unlisted-package", "An implementation lies in a package that the project lists"),
    _error("C603", "no-module", "The module of an implementation exists"),
    _error("C604", "not-source", "What an implementation runs is Python source of the package itself"),
    _error("C605", "no-callable", "An implementation is a function or class of its module"),
    _error("C606", "unknown-import", "An implementation imports from the project or a distribution"),
    _error("C607", "dynamic-import", "What an implementation imports can be read off its source"),
    # C61x, C64x: purity of transforms
    _error("C610", "impure-import", "A transform imports what computes, at the top of its modules"),
    _error("C611", "impure-name", "A transform names only builtins that compute"),
    _error("C612", "example", "An example fits the inputs and an outcome of its transform"),
    _error("C613", "impure-attribute", "A transform uses only attributes that lead to values"),
    _error("C614", "impure-statement", "A transform is made of statements that compute"),
    _error("C615", "shared-state", "Nothing that a transform reaches is kept or changed from call to call"),
    _error("C616", "work-at-import", "A module of transforms only defines when it is imported"),
    _error("C617", "order-of-a-set", "A transform does not depend on the order of a set"),
    _error("C618", "unsafe-pattern", "A pattern of a transform takes time in proportion to its text"),
    _error("C619", "endless-loop", "A loop of a transform can end"),
    # C62x, C63x: stores, bindings
    _error("C621", "store-operation", "A store allows operations that its side effect has"),
    _error("C622", "operation-not-allowed", "A step uses an operation that its store allows"),
    _error("C631", "no-binding", "A workflow that uses stores names a binding"),
    _error("C632", "unbound-store", "A binding covers the stores of its workflows"),
    _warning("C633", "idle-store", "A binding names only stores that its workflows use"),
    _error("C634", "no-configuration", "What is asked of `$.config` is declared by every binding in use"),
    _error("C623", "effect-operation", "A step uses an operation that its external effect has"),
    _error("C624", "effect-place", "An external effect has no store, and every other side effect has"),
    _error("C625", "no-policy", "A binding says what happens when an external effect is in doubt"),
    _warning("C626", "idle-policy", "A binding names only effects that its workflows use"),
    _error("C627", "lookup", "What finds out about an effect in doubt is an operation that reads"),
    _error("C628", "no-entity", "An external effect holds no entity"),
    _error("C629", "blind-retry", "What may happen twice is asked again only where the binding accepts that"),
    _error(
        "C635", "kept-and-overwritten", "What is kept for a time lies in a store that overwrites and removes nothing"
    ),
    _error("C636", "uneven-retention", "All bindings of a store keep what it holds for the same time"),
    _error("C637", "foreign-writer", "A store is written to by its own domain and by those that it names"),
    _error("C638", "lookup-answer", "A lookup takes what the effect was given and answers what the effect answers"),
    _error("C639", "idle-key", "Only an operation that writes, outside, recognises a key"),
    _error("C640", "too-few-examples", "A transform has at least three examples"),
    _error("C641", "wrong-example", "A transform answers its examples as they say"),
    _error("C642", "unsteady", "A transform answers alike in processes that differ"),
    _error("C643", "changed-inputs", "A transform leaves its inputs as they came"),
    _error("C644", "over-budget", "A transform answers its examples within the limits of a transform"),
    _error("C645", "no-probe", "The examples of a transform can be tried"),
    _warning("C646", "silent-trap", "A transform avoids what differs between versions of Python"),
    _error("C650", "no-method", "A side effect implements every operation that it declares"),
    _error("C651", "undeclared-method", "A side effect has no public method beyond its operations"),
    _error("C652", "parameters", "An implementation takes the inputs that are declared, by their names"),
    # C69x: transports
    _error("C690", "path-names", "The names in a path are the fields of `request.path`"),
    _error("C691", "shared-route", "A route, or a tool, belongs to one ingress"),
    _error("C692", "unadmitted-actor", "An ingress authenticates an actor that the intent admits"),
    _error("C693", "unanswered-exit", "An egress answers every exit of its workflow"),
    _error("C694", "idle-response", "An egress answers exits that its workflow has"),
    _error("C695", "false-status", "A status says what the exit says"),
    _error("C696", "foreign-transport", "An ingress or egress is of the domain of its workflow"),
    _error("C697", "other-egress", "The egress of an ingress answers for its workflow and its transport"),
    _error(
        "C698",
        "changing-get",
        "A GET changes nothing",
        "each run is what it would be by another method; who repeats a GET repeats what it changes",
    ),
    _error("C699", "leak-into-response", "An egress clears every label of what it answers"),
    # P75x, P76x: bodies of processes
    _error("P750", "not-python", "A source of processes is Python"),
    _error("P751", "undeclared-read", "A body reads only what its contract declares"),
    _error("P752", "undeclared-write", "A body writes only what its contract declares"),
    _warning("P753", "unread-input", "A body reads what its contract declares"),
    _warning("P754", "unwritten-output", "A body writes what its contract declares"),
    _error("P755", "hidden-signal", "Data is computed from a signal only where the contract lists the signal"),
    _error("P756", "impure-body", "A body reaches beyond the state only where its contract names a side effect"),
    _error("P757", "round-the-guard", "A body comes to the state by its context alone"),
    _error("P758", "kept-reference", "Nothing that leads to the state outlives the run"),
    _error("P759", "undeclared-error", "A body raises only errors that its contract declares"),
    _warning("P760", "unraised-error", "A body can raise the errors that its contract declares"),
    _warning("P761", "not-followed", "What a body touches can be read off its source"),
    _error("P762", "contract-form", "A contract is written out, and its paths are paths"),
    _error("P763", "foreign-zone", "Inputs are data, and signals are signals"),
    # A8xx: labels
    _error(
        "A801",
        "uncleared-label",
        "A store or an event clears every label of what it can hold",
        "every run does the same, and traces redact what is labelled, cleared or not",
    ),
    _error("A802", "leak-into-store", "A store clears every label of what is written to it"),
    _error("A803", "leak-into-event", "An event clears every label of what is emitted with it"),
    _error("A804", "leak-into-result", "An exit clears every label of its result"),
    _error("A805", "leak-into-reason", "The reason of an exit carries no label"),
    _error("A806", "declassified-input", "A transform declassifies inputs that it has"),
    _error("A807", "leak-into-effect", "An operation of an external effect clears every label of what it is given"),
    _error("A808", "idle-clearance", "Only operations of external effects clear labels themselves"),
    _warning("A809", "needless-clearance", "What clears a label can get what is labelled so"),
    _error("A810", "labelled-key", "No key, no name of a stream and no session carries a label"),
    _error("A811", "leak-into-context", "A field of a context is labelled with all that a process can write to it"),
    # A83x: assertions
    _error("A830", "way-around", "Every way to what an assertion names passes what it demands"),
    _error("A831", "nothing-follows", "What an assertion demands follows on every way"),
    _error("A832", "forbidden-way", "No way leads from what an assertion names to what it forbids"),
    _error("A833", "foreign-origin", "A value comes only from where an assertion allows"),
    _error("A834", "unlisted-actor", "Only the actors that an assertion lists come to what it names"),
    _error("A835", "same-actor", "Another person acts at each node that an assertion lists"),
    _error("A836", "silent-exit", "An exit emits the event that an assertion demands"),
    _error("A837", "too-much", "No run takes more than an assertion allows"),
    _warning("A838", "says-nothing", "What an assertion names happens somewhere"),
    _warning("A839", "about-nothing", "An assertion is about some workflow"),
    _error("A840", "unknown-part", "What an assertion names of a declaration is there"),
    _error("A841", "too-large-to-prove", "What an assertion is about is small enough to be looked into"),
    _error("A842", "label-arrives", "Labelled data does not come to what an assertion forbids it"),
    _error("A843", "rests-on-overridden", "What an assertion passes through admits by rules that nobody overrides"),
    # A85x: constitutions
    _error("A850", "foreign-domain", "A domain uses only the domains that its constitution lists"),
    _error("A851", "unlisted-side-effect", "A domain has only the side effects that its constitution allows"),
    _error("A852", "unlisted-implementer", "What a domain runs lies in the packages that its constitution lists"),
    _error("A853", "not-asserted", "Each workflow of a domain is under the assertions that its constitution demands"),
    _error("A854", "says-too-little", "Each workflow of a domain says about itself what its constitution demands"),
    _error("A855", "declassifier", "A label is removed only by the transforms that a constitution lists"),
    _error("A856", "second-writer", "A store is written by one domain where its constitution demands that"),
    _error("A857", "above-the-limit", "No workflow of a domain takes more than its constitution allows"),
    _warning("A858", "not-governed", "Where there are constitutions, one governs each domain"),
    _error("A859", "unknown-domain", "A constitution speaks of domains in which something is declared"),
    # I95x: what is imported
    _warning("I951", "no-machine-block", "A published document has a Machine block"),
    _error("I952", "machine-block", "A Machine block is one closed block of YAML that holds one mapping"),
    _error("I953", "unknown-publication", "A publication says what it is, and is published once"),
    _error("I954", "unknown-word", "A publication uses the words of the dialect"),
    _error("I955", "no-counterpart", "What is published has a counterpart in the language"),
    _error("I956", "unpublished", "A publication refers to what is published"),
    _error("I957", "unexpanded-template", "A text holds no template that nothing expands"),
    _error("I958", "unbound-effect", "What a published step does takes place somewhere that a binding names"),
    _error("I959", "no-implementation", "What is published is implemented here"),
    _warning("I960", "loosened", "What is published is carried as it is"),
    # Z91x: what was published; Z901–Z914 are the seal's own (`pgs_snapshot.seal.CODES`)
    _error("Z915", "published-changed", "What a published name means stays as it is"),
    _error(
        "Z916",
        "published-gone",
        "A published name stays declared",
        "the published snapshot still runs what it holds, and this one names nothing that it lacks",
    ),
    _error("Z917", "no-baseline", "A baseline is a snapshot as it was sealed"),
)
