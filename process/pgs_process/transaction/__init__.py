"""The transaction: drafts over the real state, a journal of every operation, and the commit."""
