"""placeholder"""
class Rules:
    halted=None; watches=False
    @classmethod
    def of(cls,*a): return cls()
    def attach(self, entries): pass
    def refuse_if_halted(self, name): pass
