"""Why a run went where it went, and what would have sent it elsewhere."""
