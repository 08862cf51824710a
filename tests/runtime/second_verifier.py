"""A second verifier of case files, written from docs/custody.md, docs/trace.md and docs/signing.md with the standard
library alone, to show that these pages suffice. It knows no rotations, and no canonical JSON with fractions."""

# ruff: noqa: PT018 - assertions are what it is made of, and lines are counted

import base64
import hashlib
import json
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "custody.md").read_text(encoding="utf-8")
WRONG = (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError)
P, L, FOREVER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, float("inf")
D = -121665 * pow(121666, -1, P) % P


@lru_cache
def ed25519(public: bytes, signature: bytes, data: bytes) -> bool:  # RFC 8032, 5.1.7
    def point(raw: bytes) -> tuple[int, int]:
        y = int.from_bytes(raw, "little") & (2**255 - 1)
        x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        root = pow(x2, (P + 3) // 8, P)
        x = root if root * root % P == x2 else root * pow(2, (P - 1) // 4, P) % P
        assert len(raw) == 32 and y < P and x * x % P == x2 and (x or not raw[31] >> 7)
        return (P - x if x & 1 != raw[31] >> 7 else x), y

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        (x, y), (u, v), k = a, b, D * a[0] * b[0] * a[1] * b[1] % P
        return (x * v + u * y) * pow(1 + k, -1, P) % P, (y * v + x * u) * pow(1 - k, -1, P) % P

    def times(n: int, a: tuple[int, int]) -> tuple[int, int]:
        half = times(n // 2, a) if n else (0, 1)
        return add(add(half, half), a) if n & 1 else add(half, half) if n else half

    try:
        a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except WRONG:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % L
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return len(signature) == 64 and s < L and times(s, base) == add(r, times(k, a))


def sha(*data: bytes) -> bytes:
    return hashlib.sha256(b"".join(data)).digest()


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def decoded(text: str) -> bytes:
    assert base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    return base64.b64decode(text)


def at(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text else FOREVER


def under(path: list[bytes], size: int, index: int, leaf: bytes) -> bytes:
    left, other = (1 << (size - 1).bit_length() - 1, path.pop()) if size > 1 else (0, b"")
    if index < left:
        return sha(b"\x01", under(path, left, index, leaf), other)
    return sha(b"\x01", other, under(path, size - left, index - left, leaf)) if left else leaf


def grown(path: list[bytes], size: int, old: int, known: bytes) -> tuple[bytes, bytes]:
    if old == size:
        return known or path[-1], known or path.pop()
    left, other = 1 << (size - 1).bit_length() - 1, path.pop()
    before, now = grown(path, left, old, known) if old <= left else grown(path, size - left, old - left, b"")
    right = sha(b"\x01", other, now)
    return (before, sha(b"\x01", now, other)) if old <= left else (sha(b"\x01", other, before), right)


class Checkpoint:
    def __init__(self, note: str) -> None:
        assert len(note.encode()) <= 65536 and note.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note)
        body, _, below = note.rpartition("\n\n")
        found = re.fullmatch(r"([^\s+]{1,200})\n(0|[1-9][0-9]{0,15})\n(\S+)\ntime (0|[1-9][0-9]{0,11})", body)
        rows = [re.fullmatch(r"— ([^\s+]{1,200}) (\S+)", line) for line in below[:-1].split("\n")]
        self.text, self.made = body + "\n", [(row[1], decoded(row[2])) for row in rows]
        self.origin, self.size, self.root, self.time = found[1], int(found[2]), decoded(found[3]), int(found[4])
        assert len(self.root) == 32 and len(rows) <= 64 and all(len(blob) > 4 for _, blob in self.made)

    def signed(self, key: bytes, role: str) -> bool:
        own = sha(self.origin.encode(), b"\n\x01", key)[:4]
        made = [blob[4:] for name, blob in self.made if name == self.origin and blob[:4] == own]
        if role == "witness":
            return bool(self.cosigned(key))
        return role == "checkpoint" and any(ed25519(key, blob, self.text.encode()) for blob in made)

    def cosigned(self, key: bytes) -> list[int]:
        made = [blob for name, blob in self.made if blob[:4] == sha(name.encode(), b"\n\x04", key)[:4]]
        said = [(int.from_bytes(blob[4:12], "big"), blob[12:]) for blob in made if len(blob) == 76]
        return [t for t, blob in said if ed25519(key, blob, f"cosignature/v1\ntime {t}\n{self.text}".encode())]

    def word(self, trust: Path, now: float) -> tuple[bool, bool]:  # enough signers, enough witnesses
        files = [json.loads(path.read_text()) for path in trust.glob("*/*.json")]
        gone = {each["id"]: at(each["since"]) for each in files if "id" in each}
        keys = {decoded(each["key"]): each for each in files if "key" in each}
        revoked = {raw: gone.get(sha(raw).hex(), FOREVER) for raw in keys}
        seen = {raw: [t for t in self.cosigned(raw) if at(key["since"]) <= t < at(key.get("until")) and t <= now + 600]
                for raw, key in keys.items() if "witness" in key["roles"] and revoked[raw] > now}  # fmt: skip
        made = [raw for raw in keys if self.signed(raw, "checkpoint")]
        first = min((t for raw, said in seen.items() for t in said if raw not in made), default=FOREVER)
        signers = [raw for raw in made if "checkpoint" in keys[raw]["roles"] and self.time <= now + 600
                   and at(keys[raw]["since"]) <= self.time < min(at(keys[raw].get("until")), revoked[raw])
                   and (revoked[raw] > now or first < revoked[raw])]  # fmt: skip
        policy = json.loads((trust / "policy.json").read_text())["roles"]
        others = [raw for raw in seen if seen[raw] and raw not in signers]
        least = {role: policy.get(role, {"threshold": 1})["threshold"] for role in ("checkpoint", "witness")}
        return len(signers) >= least["checkpoint"], len(others) >= least["witness"]


class Case:
    def __init__(self, data: bytes) -> None:
        self.case = case = json.loads(data)
        self.log, known = case.get("log", {"checkpoints": [], "commit": -1}), {"keys", "run", "states", "trace"}
        assert known < case.keys() - {"log", "snapshot"} == known | {"does_not_state", "format"}
        self.points = [Checkpoint(each["note"]) for each in self.log["checkpoints"]]
        sizes, keys = [each.size for each in self.points], [(key["role"], key["key"]) for key in case["keys"]]
        assert canonical(case) == data and case["format"] == "pgs-casefile/1"
        assert sizes == sorted({*sizes}) and len({each.origin for each in self.points}) < 2 and keys == sorted({*keys})
        assert all(any(each.signed(decoded(key), role) for each in self.points) for role, key in keys)
        assert "log" not in case or 0 <= self.log["commit"] < sizes[0]
        assert not any(each["consistency"] for each in self.log["checkpoints"][:1])
        proofs = [each[name] for each in self.log["checkpoints"] for name in ("consistency", "inclusion")]
        assert case["trace"] and all(len(decoded(text)) == 32 for proof in proofs for text in proof)
        self.head, self.ended, own = "", False, case.get("snapshot", {})
        assert not own or {"manifest"} <= own.keys() <= {"envelope", "files", "manifest"}
        self.files = {path: decoded(text) for path, text in own.get("files", {}).items()}
        for n, text in enumerate(case["trace"]):
            line = json.loads(text)
            assert canonical(line) == text.encode() and not self.ended and (line["kind"] == "run") == (n == 0)
            assert (line["n"], line["prev"], line["run"]) == (n, self.head, case["run"])
            assert n or line["format"] == "pgs-trace/1"
            self.head, self.ended = line.pop("digest"), line["kind"] in ("exit", "fault", "cancelled")
            assert self.head == sha(canonical(line)).hex() and re.fullmatch("[0-9a-v]{26}", case["run"])
        self.counted, self.last = self.ended and line["lines"] == n + 1, n
        held = {"ended": self.ended, "manifest": own, "files": "files" in own, "checkpoint": sizes}
        held["cosigned"] = any(len(blob) == 76 for each in self.points for _, blob in each.made)
        facts = {f"{'not' if fact == 'cosigned' else 'no'} {fact}": not held[fact] for fact in held}
        facts |= {**held, "always": True, "checkpoints": len(sizes) > 1, "open": not self.ended}
        for member, head in (("states", "| states, if | |"), ("does_not_state", "| does not state, if | |")):
            table = re.findall(r"^\| ([a-z ]+) \| (.+) \|$", PAGE.partition(head)[2].partition("\n\n")[0], re.MULTILINE)
            assert case[member] == [says for fact, says in table if facts[fact]]

    def proven(self) -> bool:
        manifest = json.loads(self.case["snapshot"]["manifest"])
        root = manifest.pop("root")
        listed = {each["path"]: (each["size"], each["sha256"]) for each in manifest["files"]}
        found = {path: (len(held), sha(held).hex()) for path, held in self.files.items()}
        assert root == json.loads(self.case["trace"][0])["header"]["snapshot"] == sha(canonical(manifest)).hex()
        assert found in ({}, listed)
        leaf = sha(b"\x00", canonical({"digest": self.head, "line": self.last, "run": self.case["run"]}))
        for old, new, each in zip([*self.points[:1], *self.points], self.points, self.log["checkpoints"], strict=False):
            inclusion, path = list(map(decoded, each["inclusion"])), list(map(decoded, each["consistency"]))
            assert grown(path, new.size, old.size, old.root) == (old.root, new.root) and not path
            assert under(inclusion, new.size, self.log["commit"], leaf) == new.root and not inclusion
        return bool(self.points)


def verdict(data: bytes, trust: Path, now: float, kept: tuple[str, ...] = ()) -> str:
    level = "broken"
    try:
        case, level = Case(data), "self-consistent"
        assert case.counted
        level, own = "complete", {each.size: each for each in case.points}
        others = [each for each in map(Checkpoint, kept) if each.size in own]
        pairs = [(each, own[each.size]) for each in others]
        assert case.proven() and all((a.origin, a.root) == (b.origin, b.root) for a, b in pairs)
    except WRONG:
        return level
    words = [*(each.word(trust, now) for each in case.points), *((each.word(trust, now)[0],) * 2 for each in others)]
    return "witnessed" if (True, True) in words else "authentic" if any(signed for signed, _ in words) else level
