"""Pictures of a sealed workflow graph: PNG, SVG, DOT and Mermaid.

`picture.picture_of` turns a graph, and the way of a run through it, into a `Picture`; each renderer's `draw`
turns that into its format. Only `pgs_snapshot.drawing.png` needs Pillow.

Laws:
* the same picture gives the same bytes, and a run never moves a box: only colours and weights tell the way;
* nothing overlaps: boxes, labels and arrows each have room of their own;
* every text of the graph is drawn as literal text, characters that do not print as escapes;
* colour never says anything alone: marks, weights and words say the same.
"""
