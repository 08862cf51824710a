"""A second verifier of case files, written from docs/custody.md, docs/trace.md and docs/signing.md with the standard
library alone, to show that these pages suffice. It knows no rotations, and no canonical JSON with fractions."""

# fmt: off
# ruff: noqa: E401, E704, I001, PT018, RUF005 - assertions are what it is made of, and lines are counted
import base64, datetime, hashlib, json, pathlib, re
from tests.runtime.rfc8032 import ed25519
PAGE, FOREVER = (pathlib.Path(__file__).parents[2] / "docs" / "custody.md").read_text(encoding="utf-8"), float("inf")
WRONG = (AssertionError, AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)
def sha(*data: bytes) -> bytes: return hashlib.sha256(b"".join(data)).digest()
def at(text: str | None) -> float: return datetime.datetime.fromisoformat(text).timestamp() if text else FOREVER
def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
def only(value: dict, needed: str, allowed: str = "") -> dict:
    assert {*needed.split()} <= value.keys() <= {*needed.split(), *allowed.split()}
    return value
def decoded(text: str) -> bytes:
    assert base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    return base64.b64decode(text)
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
class Trust:
    def __init__(self, folder: pathlib.Path) -> None:
        files = [json.loads(path.read_text()) for path in folder.glob("*/*.json")]
        gone = {each["id"]: at(each["since"]) for each in files if "id" in each}
        keys = {decoded(each["key"]): each for each in files if "key" in each}
        self.policy = json.loads((folder / "policy.json").read_text())
        self.roles = {raw: key["roles"] for raw, key in keys.items()}
        self.time = {raw: (at(key["since"]), at(key.get("until"))) for raw, key in keys.items()}
        self.gone = {raw: gone.get(sha(raw).hex(), FOREVER) for raw in keys}
    def counts(self, raw: bytes, role: str, now: float) -> bool:
        return role in self.roles[raw] and self.time[raw][0] <= now < min(self.time[raw][1], self.gone[raw])
class Checkpoint:
    def __init__(self, note: str) -> None:
        assert len(note.encode()) <= 65536 and note.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note)
        body, _, below = note.rpartition("\n\n")
        found = re.fullmatch(r"([^\s+]{1,200})\n(0|[1-9][0-9]{0,15})\n(\S+)\ntime (0|[1-9][0-9]{0,11})", body)
        rows = [re.fullmatch(r"— ([^\s+]{1,200}) (\S+)", line) for line in below[:-1].split("\n")]
        self.made_by = {"checkpoint": self.signed, "witness": self.cosigned}
        self.text, self.made = body + "\n", [(row[1], decoded(row[2])) for row in rows]
        self.origin, self.size, self.root, self.time = found[1], int(found[2]), decoded(found[3]), int(found[4])
        assert len(self.root) == 32 and len(rows) <= 64 and all(len(blob) > 4 for _, blob in self.made)
    def signed(self, key: bytes) -> bool:
        own = (self.origin, sha(self.origin.encode(), b"\n\x01", key)[:4])
        return any(ed25519(key, made[4:], self.text.encode()) for name, made in self.made if (name, made[:4]) == own)
    def cosigned(self, key: bytes) -> list[int]:
        made = [blob for name, blob in self.made if blob[:4] == sha(name.encode(), b"\n\x04", key)[:4]]
        said = [(int.from_bytes(blob[4:12], "big"), blob[12:]) for blob in made if len(blob) == 76]
        return [t for t, blob in said if ed25519(key, blob, f"cosignature/v1\ntime {t}\n{self.text}".encode())]
    def word(self, trust: Trust, now: float) -> tuple[bool, bool]:  # enough signers, enough witnesses
        made, late = [raw for raw in trust.gone if self.signed(raw)], now + 600
        seen = {raw: [t for t in self.cosigned(raw) if t <= late and trust.counts(raw, "witness", t)]
                for raw in trust.gone if trust.gone[raw] > now}
        first = min((t for raw, said in seen.items() for t in said if raw not in made), default=FOREVER)
        signers = [raw for raw in made if trust.counts(raw, "checkpoint", self.time) and self.time <= late
                   and (trust.gone[raw] > now or first < trust.gone[raw])]
        others = [raw for raw in seen if seen[raw] and raw not in signers]
        least = {role: demanded["threshold"] for role, demanded in trust.policy["roles"].items()}
        return len(signers) >= least.get("checkpoint", 1), len(others) >= least.get("witness", 1)
def leaf(line: int, head: str, run: str) -> bytes:
    return sha(b"\x00", canonical({"digest": head, "line": line, "run": run}))
def followed(texts: list[str], run: str) -> tuple[list[dict], str, bool, bool]:  # lines, head, ended, counted
    head, ended, lines = "", not (texts + [] and re.fullmatch("[0-9a-v]{26}", run)), []
    for n, text in enumerate(texts):
        line = json.loads(text) if "\\u0000" not in text.replace("\\\\", "") else None
        assert canonical(line) == text.encode() and not ended and (line["kind"] + "" == "run") == (n == 0)
        assert repr([line["n"], line["prev"], line["run"]]) == repr([n, head, run])  # True is not 1
        head, ended, lines = line.pop("digest"), line["kind"] in ("exit", "fault", "cancelled"), [*lines, line]
        assert head == sha(canonical(line)).hex()
        assert n or (line["format"], type(line["header"])) == ("pgs-trace/1", dict)
    return lines, head, ended, ended and lines[-1].get("lines") == len(lines)
class Case:
    def __init__(self, data: bytes) -> None:
        known = "does_not_state format keys run states trace"
        self.case = case = only(json.loads(data), known, "log overrides snapshot")
        self.log = log = only(case.get("log", {"checkpoints": [], "commit": -1}), "checkpoints commit")
        self.points = [Checkpoint(only(each, "consistency inclusion note")["note"]) for each in log["checkpoints"]]
        self.granted = [only(each, "commit inclusion trace") for each in case.get("overrides", [])]
        self.own = only(case["snapshot"], "manifest", "envelope files") if "snapshot" in case else {}
        sizes, keys = [x.size for x in self.points], [(only(x, "key role")["role"], x["key"]) for x in case["keys"]]
        assert canonical(case) == data and case["format"] == "pgs-casefile/1" and sizes == sorted({*sizes})
        assert len({each.origin for each in self.points}) < 2 and keys == sorted({*keys}) and type(log["commit"]) is int
        assert all(any(each.made_by[role](decoded(key)) for each in self.points) for role, key in keys)
        assert "log" not in case or (0 <= log["commit"] < sizes[0] and not log["checkpoints"][0]["consistency"])
        assert all(each["trace"] and "\n" not in "".join(each["trace"] + []) and type(each["commit"]) is int
                   and 0 <= each["commit"] < log["commit"] for each in self.granted)
        proofs = [each[name] for each in log["checkpoints"] for name in ("consistency", "inclusion")]
        proofs += [each["inclusion"] for each in self.granted]
        assert all(len(decoded(text)) == 32 for proof in proofs for text in proof + [])
        assert self.own.get("files", 1) and case.get("overrides", 1)
        self.files = {path: decoded(text) for path, text in self.own.get("files", {}).items()}
        lines, self.head, ended, self.counted = followed(case["trace"], case["run"])
        told = [(line["overridden"], line.get("target")) for line in lines if "overridden" in line]
        self.told = dict.fromkeys(canonical([x, at]) for used, at in told if type(used) is list for x in used)
        facts = {name: name in self.own for name in ("manifest", "files", "envelope")} | {"checkpoint": bool(sizes)}
        seen = any(len(blob) == 76 for each in self.points for _, blob in each.made)
        facts |= {f"no {fact}": not held for fact, held in facts.items()} | {"cosigned": seen, "not cosigned": not seen}
        facts |= {"always": True, "checkpoints": len(sizes) > 1, "ended": ended, "open": not ended}
        facts |= {"overrides": self.granted, "no overrides": self.told and not self.granted}
        for member, head in (("states", "| states, if | |"), ("does_not_state", "| does not state, if | |")):
            table = re.findall(r"^\| ([a-z ]+) \| (.+) \|$", PAGE.partition(head)[2].partition("\n\n")[0], re.MULTILINE)
            assert case[member] == [says for fact, says in table if facts[fact]]
    def manifest(self) -> dict[str, str]:
        manifest = json.loads(self.own["manifest"])
        listed = {each["path"]: (each["size"], each["sha256"]) for each in manifest["files"]}
        root = sha(canonical({name: value for name, value in manifest.items() if name != "root"})).hex()
        assert manifest["root"] == json.loads(self.case["trace"][0])["header"]["snapshot"] == root
        assert {path: (len(held), sha(held).hex()) for path, held in self.files.items()} in ({}, listed)
        return manifest
    def proven(self) -> bool:
        own = leaf(len(self.case["trace"]) - 1, self.head, self.case["run"])
        for old, new, each in zip([*self.points[:1], *self.points], self.points, self.log["checkpoints"], strict=False):
            path = list(map(decoded, each["consistency"]))
            assert grown(path, new.size, old.size, old.root) == (old.root, new.root) and not path
            self.holds(new, self.log["commit"], each, own)
        assert list(map(self.grant, self.granted)) == [*self.told]
        return bool(self.points and self.manifest())
    def holds(self, point: Checkpoint, commit: int, proof: dict, hashed: bytes) -> None:
        inclusion = list(map(decoded, proof["inclusion"]))
        assert under(inclusion, point.size, commit, hashed) == point.root and not inclusion
    def grant(self, each: dict) -> bytes:  # what granted an override, in the form of what tells of it
        run = json.loads(each["trace"][0])["run"]
        lines, head, _, counted = followed(each["trace"], run)
        first, said = lines[0]["header"], lines[1]
        assert counted and [first["workflow"], said["kind"], said["does"]] == ["pgs::OVERRIDE", "override", "grant"]
        self.holds(self.points[0], each["commit"], each, leaf(len(lines) - 1, head, run))
        told = {"by": {name: first["actor"][name] for name in ("id", "type")}, "override": run}
        return canonical([told | {name: said[name] for name in ("reason", "rule", "until")}, said["intent"]])
def verdict(data: bytes, trust: Trust, now: float, kept: tuple[str, ...] = ()) -> str:
    level = "broken"
    try:
        case, level = Case(data), "self-consistent"
        assert case.counted
        level, own = "complete", {each.size: each for each in case.points}
        others = [each for each in map(Checkpoint, kept) if each.size in own]
        assert case.proven() and all(own[x.size].root == x.root and own[x.size].origin == x.origin for x in others)
    except WRONG:
        return level
    words = [*(each.word(trust, now) for each in case.points), *((each.word(trust, now)[0],) * 2 for each in others)]
    return "witnessed" if (True, True) in words else "authentic" if any(signed for signed, _ in words) else level
