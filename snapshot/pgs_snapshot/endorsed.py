"""Signatures of snapshots: what is signed, and whether the signatures that are there are enough for a trust directory.

Laws:
* what is signed is a statement about the snapshot's root, so over every byte of it;
* a signature is tried with every key of the role; what it says of its key decides nothing but the words of a refusal;
* holders are counted, not signatures and not keys;
* whatever is wrong refuses; there is no way on without the signatures that the policy demands.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pgs_snapshot.dsse import Envelope, EnvelopeRefused, read_envelope
from pgs_snapshot.frozen import frozen
from pgs_snapshot.manifest import Manifest
from pgs_snapshot.seal import MANIFEST, SIGNATURE, SealBroken, Sealed
from pgs_snapshot.statements import PAYLOAD_TYPE, OtherType, Subject, moment, moment_text, read_statement, stated
from pgs_snapshot.trust import RolePolicy, Standing, Trust, TrustedKey, holders
from pgs_snapshot.visible import visible

PREDICATE = "urn:pgs:snapshot:v1"
_VALID: tuple[Standing, ...] = ("valid",)
_HAVE_COUNTED: tuple[Standing, ...] = ("valid", "expired")


@frozen
class Endorsement:
    """The predicate: what its signers say of a snapshot besides its root. `not_after`: no run begins from then on."""

    compiler: str
    name: str
    version: int
    not_after: str | None


def statement_of(manifest: Manifest, not_after: datetime | None = None) -> Envelope:
    """The statement over a snapshot, without signatures."""
    ends = moment_text(not_after) if not_after else None
    said = Endorsement(manifest.compiler, manifest.name, manifest.version, ends)
    return stated(Subject(manifest.name, manifest.root), PREDICATE, said)


def signed_statement(manifest: Manifest, signature: bytes) -> Envelope:
    """The envelope that stands beside a manifest, if it speaks of this snapshot; who signed is not asked.

    Raises:
        SealBroken: Z921, Z923, Z924, it does not.
    """
    envelope = _envelope(signature)
    _endorsement(envelope, manifest)
    return envelope


def claimed(sealed: Sealed) -> tuple[str, ...]:
    """The ids of the keys that the signatures of a snapshot say they are by; nothing shows that they are."""
    try:
        envelope = signed_statement(sealed.manifest, sealed.signature) if sealed.signature is not None else None
    except SealBroken:
        return ()
    return tuple(sorted({each.keyid for each in envelope.signatures})) if envelope else ()


def last_moment(envelope: Envelope) -> datetime | None:
    """From when on the statement in an envelope holds no more, if it says so.

    Raises:
        EnvelopeRefused: it holds no statement over a snapshot.
    """
    _, said = read_statement(envelope, PREDICATE, Endorsement)
    return _moment(said.not_after)


def judge(sealed: Sealed, trust: Trust, at: datetime) -> tuple[TrustedKey, ...]:
    """Whether a snapshot is what a trust directory lets run at a moment, which has a time zone.

    Returns:
        the keys that signed it and count; none where no signature is demanded and none is there.

    Raises:
        SealBroken: Z905, Z920 to Z929, it is not.
        TrustRefused: the policy says nothing about snapshots.
    """
    return judge_manifest(sealed.manifest, sealed.signature, trust, at)


def judge_manifest(manifest: Manifest, signature: bytes | None, trust: Trust, at: datetime) -> tuple[TrustedKey, ...]:
    """What `judge` says, of a manifest whose files need not be here; `signature`: the envelope beside it, if any."""
    _demand_known(manifest, trust)
    demanded = trust.demanded("snapshot")
    if signature is None:
        if demanded.required:
            raise _unsigned(manifest)
        return ()
    envelope = _envelope(signature)
    counted = _counted(envelope, trust, at, demanded.threshold)
    _demand_time(_endorsement(envelope, manifest), demanded, at)
    return counted


def judge_begun(sealed: Sealed, trust: Trust, at: datetime) -> None:
    """Whether runs that began with a snapshot may go on with it: enough holders signed it whose keys were not revoked.

    What is said of beginning is not asked again: pins, versions, the last moment, and until when a key counts.

    Raises:
        SealBroken: Z920 to Z926, Z928, they may not.
        TrustRefused: the policy says nothing about snapshots.
    """
    demanded = trust.demanded("snapshot")
    if sealed.signature is not None:
        envelope = signed_statement(sealed.manifest, sealed.signature)
        _counted(envelope, trust, at, demanded.threshold, _HAVE_COUNTED)
    elif demanded.required:
        raise _unsigned(sealed.manifest)


def _unsigned(manifest: Manifest) -> SealBroken:
    return _broken("Z920", f"`{visible(manifest.name)}` is not signed, and the policy demands that.")


def _demand_known(manifest: Manifest, trust: Trust) -> None:
    """The ids and the lowest version that the policy gives a name."""
    name, ids = visible(manifest.name), trust.policy.pins.get(manifest.name)
    if ids is not None and manifest.root not in ids:
        message = f"`{name}` is none of the snapshots that the policy pins: found `{manifest.root}`."
        raise SealBroken("Z905", message, MANIFEST, ", ".join(ids), manifest.root)
    least = trust.policy.versions.get(manifest.name, 0)
    if manifest.version < least:
        message = f"Version {manifest.version} of `{name}` is older than the policy lets run: {least} or later."
        raise SealBroken("Z929", message, MANIFEST, str(least), str(manifest.version))


def _envelope(data: bytes) -> Envelope:
    try:
        envelope = read_envelope(data)
    except EnvelopeRefused as refused:
        raise _broken("Z921", f"`{SIGNATURE}` {refused}.") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        found = visible(envelope.payload_type[:80])
        raise _broken("Z923", f"`{SIGNATURE}` has the `payloadType` `{found}`, not `{PAYLOAD_TYPE}`.")
    return envelope


def _counted(
    envelope: Envelope, trust: Trust, at: datetime, threshold: int, standings: Collection[Standing] = _VALID
) -> tuple[TrustedKey, ...]:
    """The keys that signed and count, of as many holders as are demanded; `standings`: those that count."""
    known = {key.key: key for key in trust.of("snapshot")}
    signers = tuple(known[key] for key in envelope.signers(known))
    if not signers:
        raise _nobody(envelope, trust)
    counted = tuple(key for key in signers if key.standing(at) in standings)
    if holders(counted) >= threshold:
        return counted
    others = [key for key in signers if key not in counted]
    if not counted:
        raise _late(others, at)
    message = f"{holders(counted)} of the {threshold} holders that the policy demands have signed: {_names(counted)}."
    if others:
        message += f" Not counted: {', '.join(f'`{key.name}` ({key.standing(at)})' for key in others)}."
    raise _broken("Z928", message)


def _nobody(envelope: Envelope, trust: Trust) -> SealBroken:
    """Why no signature is by a key of the role: by the words of the signatures, as nothing depends on it any more."""
    claimed = {each.keyid for each in envelope.signatures}
    told = [key.name for key in trust.of("snapshot") if key.key.id in claimed]
    if told:
        return _broken("Z921", f"The signature that says it is by `{told[0]}` is not one over this statement.")
    others = [key for key in trust.keys if key.key.id in claimed]
    if others:
        return _broken("Z922", f"`{others[0].name}` may not sign snapshots: it is a key for {_roles(others[0])}.")
    return _broken("Z922", "No signature is by a key that is trusted with snapshots.")


def _late(signers: list[TrustedKey], at: datetime) -> SealBroken:
    """Why the keys that signed do not count any more, or not yet."""
    for key in signers:
        if key.revoked is not None and key.standing(at) == "revoked":
            return _broken("Z926", f"The key `{key.name}` was revoked on {moment_text(key.revoked)}.")
    key = signers[0]
    if key.standing(at) == "early" or key.until is None:
        return _broken("Z925", f"The key `{key.name}` does not count before {moment_text(key.since)}.")
    return _broken("Z925", f"The key `{key.name}` has expired: it counted until {moment_text(key.until)}.")


def _endorsement(envelope: Envelope, manifest: Manifest) -> Endorsement:
    """What an envelope says of a snapshot; of this one."""
    try:
        subject, said = read_statement(envelope, PREDICATE, Endorsement)
        _moment(said.not_after)
    except OtherType as refused:
        raise _broken("Z923", f"`{SIGNATURE}` {refused}.") from None
    except EnvelopeRefused as refused:
        raise _broken("Z921", f"`{SIGNATURE}` {refused}.") from None
    told = (subject.name, subject.sha256, said.name, said.version, said.compiler)
    if told != (manifest.name, manifest.root, manifest.name, manifest.version, manifest.compiler):
        message = f"`{SIGNATURE}` speaks of another snapshot: `{visible(subject.name[:80])}`, `{subject.sha256}`."
        raise SealBroken("Z924", message, SIGNATURE, manifest.root, subject.sha256)
    return said


def _demand_time(said: Endorsement, demanded: RolePolicy, at: datetime) -> None:
    if demanded.not_after == "ignored":
        return
    last = _moment(said.not_after)
    if last is None and demanded.not_after == "required":
        raise _broken("Z927", "The statement has no last moment, and the policy demands one.")
    if last is not None and at >= last:
        raise _broken("Z927", f"The statement has expired: it held until {moment_text(last)}.")


def _moment(text: str | None) -> datetime | None:
    try:
        return moment(text) if text is not None else None
    except ValueError as error:
        raise EnvelopeRefused(f"has a `not_after` that {error}") from None


def _broken(code: str, message: str) -> SealBroken:
    return SealBroken(code, message, SIGNATURE)


def _names(keys: tuple[TrustedKey, ...]) -> str:
    return ", ".join(f"`{key.name}`" for key in keys)


def _roles(key: TrustedKey) -> str:
    return ", ".join(key.roles) or "nothing"
