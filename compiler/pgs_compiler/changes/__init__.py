"""What differs between two snapshots, and what that means for those who rely on the older one.

Snapshots are compared as the documents that they hold, so that a kind, a node or a member that is new here is
compared as well: what no rule below speaks of and is not the same has changed behaviour. Author's lines, summaries and
who owns what never count.
"""
