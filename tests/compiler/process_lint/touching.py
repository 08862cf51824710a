"""What bodies read and write, in every way in which Python lets them. A comment names what is found in its line."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from operator import methodcaller

from pgs_process import BaseDomainContext, process


class Owner:
    def __init__(self):
        self.name = "a"
        self.items = []

    def push(self, item):
        self.items.append(item)  # P752

    def tell(self):
        return self.name


@dataclass
class Domain(BaseDomainContext):
    accounts: dict = field(default_factory=dict)
    items: list = field(default_factory=list)
    queue: deque = field(default_factory=deque)
    owner: Owner = field(default_factory=Owner)
    count: int = 0
    total: int = 0
    secret: int = 0
    sig_go: bool = False
    cmd_stop: str = ""
    meta_seen: int = 0

    @property
    def double(self):
        return self.count * 2

    @property
    def hidden(self):
        return self.secret * 2  # P751

    def bump(self):
        self.count += 1  # P752


@process(inputs=["domain.accounts"], outputs=["domain.count"])
def by_name(ctx, user):
    d = ctx.domain
    accounts = d.accounts
    d.count = accounts[user]
    d.total = accounts[user]  # P752


@process(inputs=["domain_ctx.items"], outputs=["domain.count"])
def by_the_other_name(ctx):
    ctx.domain_ctx.count = len(ctx.domain.items)
    return ctx.domain_ctx.secret  # P751


@process(inputs=["domain.items"], outputs=[])
def by_methods(ctx):
    ctx.domain.items.append(1)  # P752


@process(inputs=["domain.items", "domain.accounts", "domain.queue"], outputs=[])
def by_other_methods(ctx):
    for change in (ctx.domain.items.sort,):
        change()  # P752
    ctx.domain.queue.popleft()  # P752
    ctx.domain.accounts.setdefault("a", 1)  # P752


@process(inputs=["domain.items"], outputs=["domain.items"])
def granted(ctx, more):
    ctx.domain.items += more
    ctx.domain.items[0] = 1
    ctx.domain.items[1:] = [1]
    del ctx.domain.items[0]
    first, *rest = ctx.domain.items
    rest.append(first)
    ctx.domain.items.extend(item for item in rest if item)
    (rows := ctx.domain.items).append(2)
    for row in rows:
        row.append(1)
    return [row for row in rows if row]


@process(inputs=["domain.accounts"], outputs=["domain.accounts"])
def in_a_branch(ctx, user):
    target = ctx.domain.accounts if user else ctx.domain.secret
    while target:
        target.pop(user)  # P752
    try:
        ctx.domain.total -= 1  # P752
    finally:
        ctx.domain.accounts.clear()


@process(inputs=["domain.items"], outputs=["domain.count"])
def by_iteration(ctx):
    for row in ctx.domain.items:
        row["n"] = 1  # P752
    ctx.domain.count = sum(row["n"] for row in ctx.domain.items)


@process(inputs=["domain.items"], outputs=["domain.count"])
def by_comprehension(ctx):
    [row.update(n=1) for row in ctx.domain.items]  # P752
    ctx.domain.count = max(map(lambda row: row["n"], ctx.domain.items))


@process(inputs=["domain.items"], outputs=[])
def by_lambda(ctx):
    return sorted(ctx.domain.items, key=lambda row: row.pop())  # P752


@process(inputs=["domain.items"], outputs=[])
def by_unpacking(ctx):
    first, (second, *_) = ctx.domain.items
    second.add(first)  # P752


@process(inputs=["domain.items"], outputs=[])
def by_copying(ctx):
    copied = list(ctx.domain.items)
    copied.append(1)
    copied = [*copied, 1]
    copied[0].append(1)  # P752


@process(inputs=["domain.items"], outputs=[])
def by_grouping(ctx):
    groups, by, rows = defaultdict(list), {}, []
    for row in ctx.domain.items:
        groups[row["kind"]].append(row)
        by.setdefault(row["kind"], []).append(row)
        by[row["kind"]] = [*by[row["kind"]], row]
        rows.append(row)
    for number, group in enumerate(groups.values()):
        group.sort(key=lambda row: row["n"])
        group.pop(number)
    for kind, group in by.items():
        group.append(kind)
    largest = max(by, key=lambda kind: len(by[kind]))
    return largest, sorted(by, key=lambda kind: by[kind]), [(row["n"], row) for row in rows]


@process(inputs=["domain.items"], outputs=[])
def by_what_was_grouped(ctx):
    groups, rows = defaultdict(list), []
    for row in ctx.domain.items:
        groups[row["kind"]].append(row)
        rows.append(row)
    for group in groups.values():
        for row in group:
            row["seen"] = True  # P752
    rows[0].clear()


@process(inputs=["domain.items"], outputs=[])
def by_what_was_gathered(ctx):
    rows = []
    rows.extend(ctx.domain.items)
    rows[0].clear()  # P752


@process(inputs=["domain.items"], outputs=[])
def by_pairs(ctx):
    for number, row in enumerate(ctx.domain.items):
        row["n"] = number  # P752


@process(inputs=["domain.items"], outputs=[])
def by_a_dict_of_pairs(ctx):
    named = dict(zip("abc", ctx.domain.items, strict=False))
    named["a"].clear()  # P752


@process(inputs=["domain.items"], outputs=[])
def by_class(ctx):
    list.append(ctx.domain.items, 1)  # P752


@process(inputs=[], outputs=["domain.count"])
def by_setattr(ctx):
    setattr(ctx.domain, "count", 1)
    setattr(ctx.domain, "total", 1)  # P752
    return getattr(ctx.domain, "secret", 0)  # P751


@process(inputs=["domain.accounts"], outputs=["domain.count"])
def by_texts(ctx):
    for name in ("count", "total"):
        setattr(ctx.domain, name, len(ctx.domain.accounts))  # P752


@process(inputs=["domain.accounts"], outputs=["domain.count"])
def by_a_name_that_nobody_knows(ctx, name):
    setattr(ctx.domain, name, 1)  # P761


@process(inputs=["domain.owner"], outputs=[])
def by_methods_of_the_state(ctx):
    ctx.domain.owner.push(1)
    return ctx.domain.owner.tell()


@process(inputs=["domain.count"], outputs=[])
def by_a_property(ctx):
    return ctx.domain.double + ctx.domain.hidden


@process(inputs=["domain.count"], outputs=[])
def by_a_method_of_the_layer(ctx):
    ctx.domain.bump()


@process(inputs=["domain.owner.name"], outputs=["domain.accounts.Alice"])
def by_parts(ctx):
    owner = ctx.domain.owner
    ctx.domain.accounts["Alice"] = owner.name
    ctx.domain.accounts["Bob"] = 1  # P752
    return owner.items  # P751


def debit(accounts, user, amount):
    accounts[user] -= amount


def credit(ctx, user, amount):
    ctx.domain.accounts[user] += amount
    ctx.domain.total += amount  # P752


def spoil(one, two, ctx):
    ctx.domain.secret = one  # P752 P752


@process(inputs=[], outputs=[])
def by_stars(ctx):
    spoil(1, *[2, ctx])


@process(inputs=["domain.items"], outputs=[])
def by_two_stars(ctx, **more):
    spoil(**more, **{"ctx": ctx})
    list(map(methodcaller("append", 1), ctx.domain.items))  # P761
    return list(map(methodcaller("get", "a"), ctx.domain.items))


@process(inputs=[], outputs=["domain.accounts"])
def by_helpers(ctx, user, amount):
    debit(ctx.domain.accounts, user, amount)
    credit(ctx, user, amount)


@process(inputs=["domain.accounts"], outputs=[])
def by_a_helper_of_its_own(ctx, user):
    def take(accounts, amount=1):
        nonlocal user
        user = "b"
        accounts[user] -= amount  # P752

    take(ctx.domain.accounts)


@process(inputs=[], outputs=["domain.count"])
def by_walrus(ctx):
    if (count := ctx.domain.count) > 1:
        ctx.domain.count = count - 1
    match ctx.domain.secret:  # P751
        case 1:
            return 1
    return 2


@process(inputs=["domain.count"], outputs=["domain.items"])
def numbers_are_their_own(ctx):
    count = ctx.domain.count
    count += 1
    ctx.domain.items.append(count)


@process(inputs=[], outputs=["local.seen"])
def scratch(ctx):
    ctx.local.seen = [1]
    ctx.local.other = 1  # P752
    ctx.domain = 1  # P752
    return ctx.settings  # P751


@process(inputs=["domain.count"], outputs=["domain.items"])
def deletes(ctx):
    del ctx.domain.items  # P752
    ctx.domain.items.clear()
    return ctx.domain.count


@process(inputs=["domain"], outputs=[])
def the_whole_layer(ctx):
    return ctx.domain.count + ctx.domain.meta_seen  # P751


@process(inputs=[], outputs=["domain.count"], signals=["domain.sig_go"])
async def listed_signals(ctx):
    if ctx.domain.sig_go:
        ctx.domain.count += 1


@process(inputs=[], outputs=["domain.count", "domain.sig_go"])
def signal_that_it_sets(ctx):
    ctx.domain.sig_go = True
    ctx.domain.count += 1


@process(inputs=[], outputs=["domain.count", "domain.sig_go"])
def signal_that_decides(ctx):
    if ctx.domain.sig_go:
        ctx.domain.count += 1  # P755
    ctx.domain.sig_go = False


@process(inputs=[], outputs=["domain.count", "domain.cmd_stop"])
def signal_that_ends(ctx):
    if ctx.domain.cmd_stop:
        return
    ctx.domain.cmd_stop = "later"
    ctx.domain.count = 1  # P755


@process(inputs=[], outputs=["domain.count", "domain.meta_seen"])
def meta(ctx):
    ctx.domain.meta_seen += 1
    ctx.domain.count = ctx.domain.meta_seen  # P755


@process(inputs=[], outputs=[], signals=["domain.sig_go"])
def undeclared_signal(ctx):
    return ctx.domain.sig_go, ctx.domain.cmd_stop  # P751


declare = process


@declare(["domain.count"], ["domain.total"])  # P753
def idle(ctx):
    ctx.domain.total = 1


@process(inputs=["domain.count"], outputs=["domain.total"])  # P754
def idle_output(ctx):
    return ctx.domain.count


not_decorated = process(["domain.count"], [])(lambda ctx: ctx.domain.items.append(ctx.domain.count))  # P752
