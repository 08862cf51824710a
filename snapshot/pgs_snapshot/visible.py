"""Text made safe to print: what a terminal would obey or hide is shown as an escape."""

from __future__ import annotations

import re

# Printable to Python, yet nothing is seen: fillers, joiners and variation selectors
# (Unicode's Default_Ignorable_Code_Point without the format characters), and the blank Braille pattern.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def visible(text: str) -> str:
    r"""Show control, format, separator, surrogate, unassigned and unseen characters as escapes.

    Space stays, and so does every other printable character, so the answer is for reading and not for
    reversing: a backslash that was there is not doubled. Escapes are those that YAML and Python share.

    >>> visible("\x1b[31m red\u202e")
    '\\x1b[31m red\\u202e'
    """
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    return char if char.isprintable() and not _UNSEEN.match(char) else ascii(char)[1:-1]
