"""A stock with audit rules, as it was written for theus 2.2."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from theus import BaseDomainContext, BaseGlobalContext, BaseSystemContext, TheusEngine, process
from theus.audit import AuditBlockError
from theus.config import ConfigFactory

RECIPE = """
process_recipes:
  take:
    inputs:
      - field: amount
        max: 100
        level: B
    outputs:
      - field: domain_ctx.left
        min: 0
        level: B
        message: "sold out"
"""


@dataclass
class StockDomain(BaseDomainContext):
    left: int = 120
    orders: list = field(default_factory=list)


@dataclass
class StockSystem(BaseSystemContext):
    domain_ctx: StockDomain = field(default_factory=StockDomain)
    global_ctx: BaseGlobalContext = field(default_factory=BaseGlobalContext)


@process(inputs=["domain_ctx.left"], outputs=["domain_ctx.left", "domain_ctx.orders"])
def take(ctx, amount: int):
    ctx.domain_ctx.left -= amount
    ctx.domain_ctx.orders.append(amount)
    return ctx.domain_ctx.left


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "audit_recipe.yaml"
    path.write_text(RECIPE)
    engine = TheusEngine(StockSystem(), strict_mode=True, audit_recipe=ConfigFactory.load_recipe(str(path)))
engine.register_process("take", take)
for amount in (100, 101, 30, 20):
    try:
        print("took", amount, "left", engine.run_process("take", amount=amount))
    except AuditBlockError:
        print("blocked", amount)
with engine.edit() as ctx:
    ctx.domain_ctx.left = 5
print(engine.run_process("take", amount=5), list(engine.ctx.domain_ctx.orders))
