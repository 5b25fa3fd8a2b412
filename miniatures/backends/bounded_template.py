"""Jinja for templates that come with a model file: no code runs, no loop goes on for ever, no text grows without end.

Chat templates need more of the language than prompts do (`set`, macros, calls), so they are not held to the language of
`miniatures.prompts.sandbox`. Instead each turn of a loop and each call of a macro is counted and timed, and what makes
a text longer looks at the length first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, cast

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_TURNS = 1_000_000
MOST_SECONDS = 5.0
MOST_TEXT = 8_000_000
"""Characters of the prompt, and of every text on the way to it."""

_PADDING = frozenset({"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"})
_GROWING_FILTERS = ("batch", "center", "indent", "pprint", "replace", "slice", "urlize", "wordwrap", "xmlattr")
_PASSED = "jinja_pass_arg"  # how Jinja knows which filters want its environment
_TURN, _FITTING = "__turn__", "__fitting__"


class _Meter:
    """Counts one rendering."""

    def __init__(self) -> None:
        self._turns = 0
        self._ends_at = time.monotonic() + MOST_SECONDS

    def turn(self) -> None:
        self._turns += 1
        if self._turns > MOST_TURNS:
            raise SecurityError(f"it goes through more than {MOST_TURNS:,} turns of loops and macros")
        if time.monotonic() > self._ends_at:
            raise SecurityError(f"it takes more than {MOST_SECONDS:g} s")


_meter: ContextVar[_Meter] = ContextVar("meter")


def render(template: Template, variables: dict[str, Any]) -> str:
    """The text of a template that `BoundedEnvironment` has compiled.

    Raises:
        TemplateError: the template raises one, or exceeds a bound.
    """
    before = _meter.set(_Meter())
    try:
        return "".join(_within(template.generate(**variables)))
    except (MemoryError, RecursionError, OverflowError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise TemplateError(f"{type(error).__name__}: {error}") from error
    finally:
        _meter.reset(before)


def _within(pieces: Any) -> Any:
    size = 0
    for piece in pieces:
        _meter.get().turn()
        size += len(piece)
        if size > MOST_TEXT:
            raise _too_long()
        yield piece


def _turn() -> str:
    _meter.get().turn()
    return ""


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Compiles templates as transformers does, with every loop and every growing text under a meter."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        self.filters = {name: own for name, own in self.filters.items() if name != "format"} | {_FITTING: _fitting}
        self.globals = {name: own for name, own in self.globals.items() if name != "lipsum"} | {_TURN: _turn}
        for name in _GROWING_FILTERS:
            self.filters[name] = _metered(name, self.filters[name])

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed: nodes.Template = _Metering().visit(super()._parse(source, name, filename))
        return parsed

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`+` and the operators that could make much of little."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        match operator:
            case "**":
                raise SecurityError("it may not use `**`")
            case "*" | "%" if not numbers:
                raise SecurityError(f"it may use `{operator}` for numbers only")
            case "*" if max(abs(left), abs(right)) > MOST_TEXT:
                raise SecurityError("it multiplies too large numbers")
        return _fitting(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Methods of texts are looked at before they are called."""
        name, text = getattr(__obj, "__name__", ""), getattr(__obj, "__self__", None)
        if isinstance(text, str):
            _check_method(name, text, args)
        return _fitting(super().call(__context, __obj, *args, **kwargs))


def _check_method(name: str, text: str, arguments: tuple[Any, ...]) -> None:
    if name in _PADDING:
        raise SecurityError(f"it may not use `{name}`")
    longest = max((len(argument) for argument in arguments if isinstance(argument, str | list | tuple)), default=0)
    if name in ("replace", "join") and (len(text) + 1) * (longest + 1) > MOST_TEXT * 8:
        raise _too_long()


def _metered(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that could make much of little: only of short texts, with small numbers."""

    def filtered(*arguments: Any, **options: Any) -> Any:
        stated = [*arguments, *options.values()]
        lengths = [len(argument) for argument in stated if isinstance(argument, str)]
        numbers = [abs(argument) for argument in stated if isinstance(argument, int)]
        product = 1
        for factor in (*lengths, *numbers):
            product *= factor + 1
        if product > MOST_TEXT * 8:
            raise SecurityError(f"it uses `{name}` on too long a text")
        return function(*arguments, **options)

    if hasattr(function, _PASSED):
        setattr(filtered, _PASSED, getattr(function, _PASSED))
    return filtered


def _fitting(value: Any) -> Any:
    if isinstance(value, str) and len(value) > MOST_TEXT:
        raise _too_long()
    return value


def _too_long() -> SecurityError:
    return SecurityError(f"it makes a text of more than {MOST_TEXT:,} characters")


class _Metering(NodeTransformer):
    """Puts the meter into every loop, macro and text that is kept."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        return self._counted(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        return self._counted(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        return self._counted(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        return _through(self.generic_visit(node), node.lineno)

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = _through(node.filter, node.lineno)
        return node

    def _counted(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        turn = nodes.Call(nodes.Name(_TURN, "load"), [], [], None, None)
        node.body.insert(0, nodes.Output([turn]).set_lineno(node.lineno, override=True))
        return cast(nodes.Node, node)


def _through(node: Any, line: int) -> nodes.Filter:
    return cast(nodes.Filter, nodes.Filter(node, _FITTING, [], [], None, None).set_lineno(line))
