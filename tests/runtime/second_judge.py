"""What the second verifier says of the check `signature`, which is part of no level; from docs/custody.md and
docs/signing.md, with the standard library and what `second_verifier` has."""

# fmt: off
# ruff: noqa: PT018 - as there
import json

from tests.runtime.rfc8032 import ed25519
from tests.runtime.second_verifier import FOREVER, WRONG, Case, Trust, at, canonical, decoded, only


def signature(data: bytes, trust: Trust, now: float) -> str:  # the check of this name
    found, case = "not possible", Case(data)
    try:
        text, manifest, rules = case.own["envelope"], case.manifest(), trust.policy["roles"]["snapshot"]
        found = "failed"
        envelope, name = only(json.loads(text), "payload payloadType signatures"), manifest["name"]
        kind, payload, made = envelope["payloadType"].encode(), decoded(envelope["payload"]), envelope["signatures"]
        said, signed = json.loads(payload), b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        assert canonical(envelope) == text.encode() and canonical(said) == payload and 1 <= len(made) <= 32
        assert all(len(decoded(only(each, "keyid sig")["sig"])) == 64 for each in made)
        last = at(said["predicate"].pop("not_after", None))
        assert said == {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:pgs:snapshot:v1",
                        "predicate": {member: manifest[member] for member in ("compiler", "name", "version")},
                        "subject": [{"digest": {"sha256": manifest["root"]}, "name": name}]}
        assert kind == b"application/vnd.in-toto+json" and len(text) <= 65536
        assert {"ignored": True, "enforced": now < last, "required": now < last < FOREVER}[rules["not_after"]]
        signers = [raw for raw in trust.gone if trust.counts(raw, "snapshot", now)
                   and any(ed25519(raw, decoded(each["sig"]), signed) for each in made)]
        assert manifest["root"] in trust.policy.get("pins", {}).get(name, [manifest["root"]])
        assert manifest["version"] >= trust.policy.get("versions", {}).get(name, 0)
        return "held" if len(signers) >= rules["threshold"] else "failed"
    except WRONG:
        return found
