"""Names that programs written for pop-sdk and theus import, so that they move by changing where they import from."""

from __future__ import annotations

import warnings

from pgs_process.audit.recipe import load_recipe
from pgs_process.engine import ProcessEngine
from pgs_process.schema import load_schema
from pgs_process.zones import Zone

TheusEngine = ProcessEngine
ContextZone = Zone


class POPEngine(ProcessEngine):
    """The engine under the name that it had in pop-sdk."""

    def __init__(self, *values: object, **named: object) -> None:
        warnings.warn("POPEngine is now called ProcessEngine.", DeprecationWarning, stacklevel=2)
        super().__init__(*values, **named)  # type: ignore[arg-type]  # as ProcessEngine takes them


class ConfigFactory:
    """Where theus has `load_recipe` and `load_schema`."""

    load_recipe = staticmethod(load_recipe)
    load_schema = staticmethod(load_schema)
