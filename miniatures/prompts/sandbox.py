"""Renders a template that may come from somebody else: it shows what it is given, and can do nothing else.

Jinja's sandbox keeps a template from running code. What it leaves open, computing without end and growing without
bound, is cut out of the language: a template has names, loops, conditions and those filters that return no more than
they are given; it calls nothing, keeps nothing and joins texts only where the size is looked at first. What is rendered
is counted and timed at each turn of a loop and at each filter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import make_attrgetter
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context, pass_environment
from jinja2.visitor import NodeTransformer

MOST_SOURCE = 100_000
"""Characters of a template."""
MOST_TEXT = 4_000_000
"""Characters of one message."""
MOST_TURNS = 500_000
"""Turns of loops and pieces of text in one message."""
MOST_SECONDS = 5.0
"""For one message."""

_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length"),
    *("list", "lower", "max", "min", "reject", "rejectattr", "select", "selectattr", "sort", "string", "title"),
    *("trim", "truncate", "unique", "upper"),
)
_NODES: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Block, nodes.Output, nodes.TemplateData, nodes.If, nodes.For),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.CondExpr),
    *(nodes.Filter, nodes.Test, nodes.Keyword, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub),
)
_SPELLED: dict[type[nodes.Node], str] = {
    nodes.Call: "a call with ()",
    nodes.Concat: "~",
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Mod: "%",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.FromImport: "import",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
}
_COMPILED_AS = "<template>"

_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))


def compiled(source: str) -> Template:
    """The template of this source.

    Raises:
        TemplateSyntaxError: it is malformed, too long, or does what a prompt may not do; names the line.
    """
    if len(source) > MOST_SOURCE:
        raise TemplateSyntaxError(f"a template of more than {MOST_SOURCE:,} characters", 1)
    try:
        return _ENVIRONMENT.from_string(_Restricted().visit(_ENVIRONMENT.parse(source)))
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise TemplateSyntaxError("nested too deeply", 1) from error
    except ValueError as error:  # a number of thousands of digits, half a character
        raise TemplateSyntaxError(f"not to be compiled: {error}", 1) from error


def rendered(template: Template, block: str, variables: Mapping[str, Any]) -> str:
    """The text of one block.

    Raises:
        SecurityError: it is larger or takes longer than the bounds above.
        UnicodeEncodeError: it holds half a character, which nothing could send or keep.
    """
    before = _ends_at.set(time.monotonic() + MOST_SECONDS)
    try:
        pieces = template.blocks[block](template.new_context(dict(variables)))
        text = "".join(_bounded(cast("Generator[str]", pieces)))
    finally:
        _ends_at.reset(before)
    text.encode()
    return text


def line_of(template: Template, error: BaseException) -> int | None:
    """The line of the template in which `rendered` raised this error."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _COMPILED_AS:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _bounded(pieces: Generator[str]) -> Iterator[str]:
    """The pieces; what is wrong with them is raised where the template stands."""
    size = 0
    for turn, piece in enumerate(pieces):
        size += len(piece)
        if size > MOST_TEXT:
            pieces.throw(SecurityError(f"more than {MOST_TEXT:,} characters are rendered"))
        if turn > MOST_TURNS:
            pieces.throw(SecurityError(f"its loops have more than {MOST_TURNS:,} turns"))
        if _is_late():
            pieces.throw(_too_late())
        yield piece


def _is_late() -> bool:
    return time.monotonic() > _ends_at.get()


def _too_late() -> SecurityError:
    return SecurityError(f"it takes more than {MOST_SECONDS:g} seconds")


class _Restricted(NodeTransformer):
    """Refuses what a prompt may not do, and gives each turn of a loop a piece of text, so that it is counted."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if not isinstance(node, _NODES):
            spelled = _SPELLED.get(type(node), type(node).__name__.lower())
            raise TemplateSyntaxError(f"a prompt template may not use `{spelled}`", node.lineno)
        return super().generic_visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            raise TemplateSyntaxError("a prompt template may not use `recursive`", node.lineno)
        self.generic_visit(node)
        node.body.insert(0, nodes.Output([nodes.TemplateData("")], lineno=node.lineno))
        return node

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return self._constants(node, node.items)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        if node.ctx == "store":
            return self.generic_visit(node)
        return self._constants(node, node.items)

    def _constants(self, node: nodes.Node, items: Iterable[nodes.Node]) -> nodes.Node:
        if not all(isinstance(item, nodes.Const) for item in items):
            raise TemplateSyntaxError("a prompt template may list constants only", node.lineno)
        return node


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja without its globals, and with few of its filters, each of which looks at the clock."""

    intercepted_binops = frozenset("+")

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
            optimized=False,
            finalize=_as_it_is,
        )
        self.globals = {}
        chosen = {name: self.filters[name] for name in _FILTERS} | {"either": _either, "join": _join, "map": _map}
        self.filters = {name: _timed(function) for name, function in chosen.items()}

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Numbers are added; texts and lists are not: they would grow."""
        if isinstance(left, Sequence) and isinstance(right, Sequence):
            raise SecurityError("`+` adds numbers only: write texts one after the other")
        return super().call_binop(context, operator, left, right)


@pass_context
def _as_it_is(_context: Context, value: object) -> object:
    """Wants the context, so that Jinja computes nothing when it compiles, where no clock runs and all would be code."""
    return value


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if _is_late():
            raise _too_late()
        return function(*args, **kwargs)

    return timed


def _either(names: Sequence[str], own: Sequence[Mapping[str, str]] = ()) -> str:
    """Names as a choice, with those of a brief's own kinds: a, b or c."""
    *first, last = sorted([*names, *(kind["name"] for kind in own)])
    return f"{', '.join(first)} or {last}" if first else last


@pass_environment
def _join(environment: _Environment, items: Iterable[Any], between: str = "", attribute: str | None = None) -> str:
    """Jinja's `join`, with a look at the size before anything is joined."""
    texts = [str(item) for item in (items if attribute is None else _map(environment, items, attribute=attribute))]
    if sum(map(len, texts)) + len(texts) * len(str(between)) > MOST_TEXT:
        raise SecurityError(f"more than {MOST_TEXT:,} characters are joined")
    return str(between).join(texts)


@pass_environment
def _map(environment: _Environment, items: Iterable[Any], *, attribute: str) -> list[Any]:
    """Jinja's `map` for an attribute; one filter for all items would multiply them."""
    return [make_attrgetter(environment, attribute)(item) for item in items]


_ENVIRONMENT = _Environment()
