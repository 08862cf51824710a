"""JSON Schemas of what authors write, for editors that complete and check while one types.

`parts` has the forms that recur, `kinds` one form a kind of declaration, a node and a step, `project` that of
`pgs.yaml`; `documents` makes whole schemas of them. Words, names, operators, keywords, formats and limits are the
parser's own tables. Which keys a form has is written twice, here and in `parse/`: `tests/compiler/test_editor.py`
asks the parser for its keys at every form and compares, so that neither can move alone.

A schema says less than the compiler: it knows no other file, and no order of keys.
"""
