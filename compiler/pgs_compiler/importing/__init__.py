"""Declarations that were published as Markdown, in the dialect of a predecessor, brought into this language.

`published` reads a folder; one module for each kind of publication translates it; `writing` makes files of that, and
`origins` leads from every place of a written file back to the line that it comes from. Whatever is not carried is a
finding (I95x) or counted as known to mean nothing here (`account`): no key is passed over.
"""
