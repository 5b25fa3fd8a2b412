"""What can go wrong when a model is asked, each with its own type: nothing ever reads messages to decide."""

from __future__ import annotations

from miniatures.datamodel.errors import ExitCode, MiniaturesError


class BackendError(MiniaturesError):
    """The model could not answer. `retryable` says whether the same question may be asked again."""

    exit_code = ExitCode.BACKEND_UNAVAILABLE
    retryable = False


class UnknownSpec(BackendError):
    """The spec string names no kind of backend, or its parts are malformed."""

    exit_code = ExitCode.BAD_INPUT


class MissingExtra(BackendError):
    """The spec needs a library that the light install leaves out."""


class MissingKey(BackendError):
    """No API key is set for the provider."""


class AuthenticationFailed(BackendError):
    """The provider refused the key."""


class UnknownModel(BackendError):
    """The provider, registry or weights list has no model of that name."""


class BadRequest(BackendError):
    """The provider refused the request as malformed; `param` names the option, null if it is none or not known."""

    def __init__(self, message: str, *, hint: str = "", param: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.param = param


class BadSchema(BadRequest):
    """The JSON schema that the answer is to satisfy is malformed, too large, or not to be compiled in time."""


class ContextOverflow(BackendError):
    """Prompt and answer do not fit the model's context."""


class OutOfMemory(BackendError):
    """The machine has not enough memory for the model or the batch."""


class AdapterChangesNothing(BackendError):
    """The adapter's weights leave the base as it was: a silent no-op is refused."""


class MalformedAnswer(BackendError):
    """The server's answer is not what its protocol promises, or not the JSON that was asked for."""

    retryable = True


class CutAnswer(MalformedAnswer):
    """The answer ended at max_tokens before its JSON did: asked again with the same limit, it would again."""

    retryable = False


class ConnectionRefused(BackendError):
    """Nothing listens at the address."""

    retryable = True


class ServerFailed(BackendError):
    """The server answered 5xx or broke the connection off."""

    retryable = True


class TimedOut(BackendError):
    """The server did not answer in time."""

    retryable = True


class RateLimited(BackendError):
    """The server answered 429; `retry_after_s` is its wish, null without one."""

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
