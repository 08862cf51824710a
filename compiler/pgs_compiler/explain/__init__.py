"""The pages of `pgs_compiler explain`: one Markdown file a rule, `CODE.md` beside this module.

A page opens with `# CODE slug`; one paragraph then says what the rule demands and why. `## Refused` follows
with a failing example in YAML or Python, optionally `## Report` with what the compiler says of it, and `## Mend` last.
"""

from __future__ import annotations

from importlib.resources import files

from pgs_compiler.rules import RULES


def page(code: str) -> str:
    """The page of a rule, as Markdown.

    Raises:
        KeyError: no rule has this code.
    """
    rule = RULES[code]
    return files(__name__).joinpath(f"{rule.code}.md").read_text(encoding="utf-8")


def demand(code: str) -> str:
    """What a rule demands and why: the paragraph that opens its page, on one line.

    Raises:
        KeyError: no rule has this code.
    """
    return " ".join(page(code).split("\n\n")[1].split())
