"""A bank, as it was written for theus 2.2."""

from dataclasses import dataclass, field

from theus import BaseDomainContext, BaseGlobalContext, BaseSystemContext, TheusEngine, process


@dataclass
class BankGlobal(BaseGlobalContext):
    max_transfer: int = 1000


@dataclass
class BankDomain(BaseDomainContext):
    accounts: dict = field(default_factory=lambda: {"Alice": 500, "Bob": 50})
    total_reserves: int = 550
    sig_fraud_detected: bool = False


@dataclass
class BankSystem(BaseSystemContext):
    domain_ctx: BankDomain = field(default_factory=BankDomain)
    global_ctx: BankGlobal = field(default_factory=BankGlobal)


@process(
    inputs=["domain_ctx.accounts", "global_ctx.max_transfer"],
    outputs=["domain_ctx.accounts", "domain_ctx.sig_fraud_detected"],
    errors=["ValueError"],
)
def transfer(ctx, from_user: str, to_user: str, amount: int):
    if amount <= 0:
        raise ValueError("Amount must be positive")
    if amount > ctx.global_ctx.max_transfer:
        ctx.domain_ctx.sig_fraud_detected = True
        return "Blocked"
    if ctx.domain_ctx.accounts.get(from_user, 0) < amount:
        return "Failed: Insufficient Funds"
    ctx.domain_ctx.accounts[from_user] -= amount
    ctx.domain_ctx.accounts[to_user] = ctx.domain_ctx.accounts.get(to_user, 0) + amount
    return "Success"


@process(inputs=["domain_ctx.accounts"], outputs=[])
def steal(ctx):
    ctx.domain_ctx.total_reserves = 0


engine = TheusEngine(BankSystem(), strict_mode=True)
engine.register_process("transfer", transfer)
engine.register_process("steal", steal)
print(engine.run_process("transfer", from_user="Alice", to_user="Bob", amount=100))
print(engine.run_process("transfer", from_user="Bob", to_user="Alice", amount=1000))
print(engine.run_process("transfer", from_user="Bob", to_user="Alice", amount=2000))
for name, arguments in (("transfer", {"from_user": "Alice", "to_user": "Bob", "amount": -5}), ("steal", {})):
    try:
        engine.run_process(name, **arguments)
    except Exception as error:  # noqa: BLE001 (the program is kept as it was written)
        print(name, "refused", isinstance(error, ValueError))
domain = engine.ctx.domain_ctx
print(dict(domain.accounts), domain.total_reserves, domain.sig_fraud_detected)
