"""`pgs_compiler schema`: JSON Schemas for editors, and the schemas of contexts."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import click

from pgs_compiler.surface import FINDINGS, USAGE, stop, write


class _Kinds(click.Group):
    """A group whose other words are kinds of declarations: `schema workflow` is `schema kind workflow`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["kind", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Kinds)
def schema() -> None:
    """Write schemas, for editors and of contexts.

    `schema gen` writes that of a context. `schema KIND` and `schema --out DIR` are `schema kind KIND` and `schema kind
    --out DIR`: those of declarations.
    """


@schema.command()
@click.argument("kind", required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder; standard output unless given.")
def kind(kind: str | None, out: Path | None) -> None:
    """Write the JSON Schema of a KIND of declaration, for editors.

    Without KIND it is that of a file with declarations of any kind (protocol), and with --out all of them are written,
    that of pgs.yaml (project) among them.
    """
    from pgs_compiler.editor.documents import ANY_KIND, NAMES, file_of, text
    from pgs_snapshot.suggest import nearest

    if kind is not None and kind not in NAMES:
        near = nearest(kind, NAMES)
        stop(
            USAGE, f"There is no schema of `{kind}`. " + (f"Is it `{near}`?" if near else f"Known: {', '.join(NAMES)}.")
        )
    if out is None:
        click.echo(text(kind or ANY_KIND), nl=False)
        return
    write(out, {file_of(name): text(name) for name in ([kind] if kind else NAMES)})


@schema.command()
@click.argument("source", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--context-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The same as SOURCE, as predecessors have it.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file; standard output unless given."
)
def gen(source: Path | None, context_file: Path | None, out: Path | None) -> None:
    """Write the schema of the context that SOURCE declares.

    SOURCE is src/context.py unless given. Of a Python file, which is read and not run, the schema is YAML, as
    `load_schema` takes it; of a schema in YAML it is a module of dataclasses. A file that is there is left alone.
    """
    from pgs_compiler.contexts.reading import NoContext, schema_of
    from pgs_compiler.contexts.writing import as_python, as_yaml
    from pgs_process import ConfigError, load_schema

    path = source or context_file or Path("src/context.py")
    try:
        if path.suffix in (".yaml", ".yml"):
            text = as_python(load_schema(path))
        else:
            text = as_yaml(schema_of(ast.parse(path.read_bytes(), filename=str(path))))
    except OSError as error:
        stop(USAGE, f"`{path}` cannot be read: {error.strerror}.")
    except SyntaxError as error:
        stop(FINDINGS, f"{path}:{error.lineno}:{error.offset}: This is not Python: {error.msg}.")
    except ValueError as error:
        stop(FINDINGS, f"{path}: This is not Python: {error}.")
    except NoContext as wrong:
        stop(FINDINGS, f"{path}: {wrong}")
    except ConfigError as wrong:
        stop(FINDINGS, str(wrong))
    if out is None:
        click.echo(text, nl=False)
        return
    if os.path.lexists(out):
        stop(USAGE, f"`{out}` is there already, and is left as it is. Name a new file.")
    write(out.parent, {out.name: text})
