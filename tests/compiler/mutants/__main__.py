"""`make mutants`: every kind of mistake, and how many of its mutants the rule that names it refuses."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.compiler.mutants.corpus import DOMAINS, corpus_of, judge
from tests.compiler.mutants.kinds import KINDS


def judged(task: tuple[str, str]) -> tuple[str, Counter[str], tuple[str, ...]]:
    """All mutants of one kind in one domain: how many, and what is to be said of those that were not named."""
    domain, name = task
    corpus, counts, missed = corpus_of(domain), Counter[str](), list[str]()
    for mutant in KINDS[name].find(corpus):
        verdict = judge(corpus, KINDS[name], mutant)
        counts += Counter(made=1, refused=int(verdict.refused), named=int(verdict.named))
        missed += () if verdict.named else (str(verdict),)
    return name, counts, tuple(missed)


def table(rows: dict[str, Counter[str]]) -> Iterator[str]:
    """The lines of the table, the sum last."""
    width = max(map(len, rows))
    yield f"{'mistake':{width}}  mutants  refused  named  rules"
    for name, row in sorted(rows.items()):
        yield f"{name:{width}}  {row['made']:7}  {row['refused']:7}  {row['named']:5}  {' '.join(KINDS[name].codes)}"
    all_ = sum(rows.values(), Counter[str]())
    yield f"{f'{len(rows)} kinds':{width}}  {all_['made']:7}  {all_['refused']:7}  {all_['named']:5}"


def main() -> int:
    """Judge every mutant; 0 if each is refused by a rule of its kind at the right line."""
    rows = {name: Counter[str]() for name in KINDS}
    missed = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, counts, told in pool.map(judged, [(domain, name) for name in KINDS for domain in DOMAINS]):
            rows[name] += counts
            missed += len(told)
            print(*told, sep="\n", end="\n" if told else "", file=sys.stderr)
    print(*table(rows), sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
