"""Texts: cleaned, cut, joined, compared."""

from __future__ import annotations

import difflib
import html
import re
import string
import textwrap
import unicodedata
from itertools import groupby
from string import Template

_SPACES = re.compile(r"[ \t]+")
_SLUG = re.compile("[^a-z0-9]+")
GREETING = "Dear {title} {name},"
VOWELS = {"a", "e", "i", "o", "u"}


def normalise(text: str) -> dict[str, str]:
    return {"text": " ".join(text.split()).strip().lower()}


def slug(title: str) -> dict[str, str]:
    return {"slug": _SLUG.sub("-", title.lower()).strip("-")}


def squeeze(text: str) -> dict[str, str]:
    return {"text": _SPACES.sub(" ", text)}


def initials(names: list[str]) -> dict[str, str]:
    return {"initials": "".join(name[0].upper() for name in names if name)}


def greeting(title: str, name: str) -> dict[str, str]:
    return {"text": GREETING.format(title=title, name=name)}


def letter(name: str, amount: str) -> dict[str, str]:
    return {"text": Template("Dear $name, you owe $amount.").substitute(name=name, amount=amount)}


def wrapped(text: str) -> dict[str, list[str]]:
    return {"lines": textwrap.wrap(text, width=40)}


def composed(text: str) -> dict[str, str]:
    return {"text": unicodedata.normalize("NFC", text)}


def ascii_only(text: str) -> dict[str, str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return {"text": plain}


def vowels(text: str) -> dict[str, int]:
    return {"count": sum(1 for letter in text if letter in VOWELS)}


def capitals(text: str) -> dict[str, bool]:
    return {"capitals": all(letter in string.ascii_uppercase for letter in text)}


def palindrome(text: str) -> dict[str, bool]:
    letters = [letter for letter in text.lower() if letter.isalnum()]
    return {"palindrome": letters == letters[::-1]}


def similarity(left: str, right: str) -> dict[str, float]:
    return {"ratio": difflib.SequenceMatcher(None, left, right).ratio()}


def escaped(text: str) -> dict[str, str]:
    return {"html": html.escape(text, quote=True)}


def runs(text: str) -> dict[str, list[list[object]]]:
    return {"runs": [[letter, len(list(group))] for letter, group in groupby(text)]}


def masked(number: str) -> dict[str, str]:
    return {"masked": f"{'*' * max(len(number) - 4, 0)}{number[-4:]}"}


def key_values(text: str) -> dict[str, dict[str, str]]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {"pairs": {key.strip(): value.strip() for key, _, value in pairs}}


def words(text: str) -> dict[str, list[str]]:
    return {"words": re.findall(r"[A-Za-z]+", text)}


def caesar(text: str, shift: int) -> dict[str, str]:
    table = {ord(letter): chr((ord(letter) - 97 + shift) % 26 + 97) for letter in string.ascii_lowercase}
    return {"text": text.translate(table)}


def parsed_line(line: str) -> dict[str, str]:
    match = re.fullmatch(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}) (?P<level>[A-Z]+): (?P<what>.*)", line)
    if match is None:
        raise ValueError("the line has another form")
    return {"day": match["day"], "level": match["level"], "what": match["what"]}
