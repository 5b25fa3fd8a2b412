"""A job that a model does, as one object: graphs, datasets, training and evaluation all read it from here.

A new role is one new file: a subclass of `Role` with its variables, its answer and its template. Being defined is
enough to be known by name; the roles of this folder are found when a name is first asked for.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from pydantic import BaseModel

from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.json_types import JsonSchema, Options, StructuredAnswer
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.prompts.library import PromptLibrary

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from miniatures.backends.ask import Answer


class Variables(Frozen):
    """What a prompt is rendered from. Every foreign text in it has been made harmless (`agents/as_data.py`)."""

    @property
    def told_company(self) -> str:
        """Whose prospect is meant: datasets keep a company on one side of a split."""
        return ""

    def first_question(self) -> Variables:
        """The same as it stood before any answer was refused."""
        return self


V = TypeVar("V", bound=Variables)
A = TypeVar("A", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)

_KNOWN: dict[str, Role[Any, Any]] = {}


class Role(ABC, Generic[V, A]):
    """One role. Subclasses set the class variables and overrule what differs from asking plainly."""

    name: ClassVar[str]
    """As campaign files, traces, datasets and cards call it; also its template's name."""
    template: ClassVar[str] = ""
    """The template itself, where it is no file of the prompts folder."""
    variables: type[V]
    answer: type[A]
    measure: ClassVar[str] = ""
    """The score without which two miniatures were not compared in this role; empty where none is taken."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in cls.__dict__:
            _KNOWN[cls.name] = cls()

    def read(self, variables: Mapping[str, Any]) -> V:
        """The variables of a trace or an example.

        Raises:
            pydantic.ValidationError: they are not this role's.
        """
        return self.variables.model_validate(variables)

    def answer_to(self, variables: V) -> type[A]:
        """The class of the answer to this question."""
        return self.answer

    def schema(self, variables: V, capabilities: Capabilities, prompts: PromptLibrary) -> JsonSchema | None:
        """The JSON schema that narrows the answer to this one question; None leaves the answer's own."""
        return None

    def bounds(self, variables: V, capabilities: Capabilities) -> Options:
        """What else holds the answer, as options of a backend: a ceiling, a penalty, a wish to know how sure it is."""
        return {}

    def faults(self, variables: V, answer: A) -> tuple[str, ...]:
        """Why the answer is not one to learn from; empty if nothing speaks against it."""
        return ()

    def kept(self, variables: V, structured: StructuredAnswer) -> StructuredAnswer:
        """The answer as examples keep it, from what a backend answered: whoever gave it, it has one form."""
        return structured

    def wanted(self, variables: V, answer: StructuredAnswer, capabilities: Capabilities) -> StructuredAnswer:
        """The kept answer as a backend of these capabilities would give it.

        Raises:
            InputError: such a one cannot give it.
        """
        return answer

    def variant(self, capabilities: Capabilities) -> Variant:
        """Which rendering of its prompt a backend of these capabilities is asked with."""
        return capabilities.variant

    def prompt(self, variables: V, prompts: PromptLibrary, capabilities: Capabilities) -> RenderedPrompt:
        """The prompt as a backend of these capabilities is asked."""
        return prompts.render(self.name, self.variant(capabilities), variables.model_dump(mode="json"), self.template)

    def version(self, prompts: PromptLibrary, capabilities: Capabilities) -> str:
        """Version of the prompt that a backend of these capabilities is asked with."""
        return prompts.version(self.name, self.variant(capabilities), self.template)

    def faults_of(self, variables: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
        """The faults of an answer as traces and examples keep both; one that cannot be read is at fault."""
        try:
            read = self.read(variables)
            return self.faults(read, self.answer_to(read).model_validate(answer))
        except (ValueError, TypeError) as error:
            return (f"it cannot be read: {str(error).splitlines()[0]}",)

    async def ask(
        self, model: BaseChatModel, prompts: PromptLibrary, variables: V, *, node: str, **options: Any
    ) -> Answer[A]:
        """One answer; `options` are those of `backends.ask.ask`, and overrule the role's own.

        Raises:
            BackendError: the backend could not be asked. An answer that cannot be read is no exception.
        """
        return await self.answered(self.answer_to(variables), model, prompts, variables, node=node, **options)

    async def answered(
        self,
        form: type[B],
        model: BaseChatModel,
        prompts: PromptLibrary,
        variables: V,
        *,
        node: str,
        **options: Any,
    ) -> Answer[B]:
        """One answer of this form, as the backend itself gives it."""
        from miniatures.backends.ask import ask, capabilities_of  # LangChain, which a role's variables do without

        capabilities = capabilities_of(model)
        schema = self.schema(variables, capabilities, prompts)
        held = self.bounds(variables, capabilities) | ({} if schema is None else {"response_schema": schema})
        prompt = self.prompt(variables, prompts, capabilities)
        return await ask(model, prompt, form, role=self.name, node=node, **(held | options))


def role_named(name: str) -> Role[Any, Any]:
    """The role of this name.

    Raises:
        InputError: there is none.
    """
    _find_ours()
    if name not in _KNOWN:
        raise InputError(f"no role is named {name!r}", hint=f"Roles are {', '.join(sorted(_KNOWN))}.")
    return _KNOWN[name]


def known_roles() -> dict[str, Role[Any, Any]]:
    """Every role that is defined, by name."""
    _find_ours()
    return dict(_KNOWN)


@cache
def _find_ours() -> None:
    package = __name__.rpartition(".")[0]
    for module in iter_modules(cast(list[str], import_module(package).__path__)):
        import_module(f"{package}.{module.name}")
