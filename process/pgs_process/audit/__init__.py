"""Audit: rules over arguments and state, judged before a body begins and before anything is committed."""
