"""The command ``check``: inspect text, pictures and documents before they are posted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from bot.commands.check_batch import lines, parse, require_valid, size
from bot.commands.check_folders import FolderCheck, FolderOptions
from bot.commands.check_output import JsonOutput, Output, TableOutput
from bot.commands.progress import progress
from bot.detect.media.pictures.formats import sniff
from bot.errors import ConfigurationError, NotReadable
from bot.judging.check_result import CheckResult
from bot.judging.checking import Checker, configured_checker
from bot.judging.file_contents import decode
from bot.ports import MediaReader
from bot.rules.rule import LANGUAGES, Language
from bot.settings import Settings, load_settings

_ANNOTATED = Path("annotated")
ReaderFactory = Callable[[Settings], AbstractAsyncContextManager[MediaReader]]


class Exit(IntEnum):
    """Exit statuses, a public contract."""

    CLEAN = 0
    UNREAD = 1
    USAGE = 2
    FOUND = 3


class _Tally:
    """Passes results on, and remembers whether anything was found or not read."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.found = self.unread = False

    def result(self, id: object, result: CheckResult) -> None:
        self.found |= bool(result.verdict.effective)
        self.unread |= bool(result.verdict.not_inspected)
        self._output.result(id, result)

    def known(self, *, found: bool, unread: bool) -> None:
        self.found |= found
        self.unread |= unread

    def error(self, id: object, reason: str) -> None:
        self.unread = True
        self._output.error(id, reason)

    @property
    def status(self) -> Exit:
        if self.unread:
            return Exit.UNREAD
        return Exit.FOUND if self.found else Exit.CLEAN


def register(app: typer.Typer, reader: ReaderFactory | None = None) -> None:
    """Add ``check`` to the commands; ``reader`` opens the reader of pictures and documents."""

    @app.command()
    def check(
        paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
        batch: Annotated[
            str | None, typer.Option(help="JSON Lines: {id, text} or {id, path}.")
        ] = None,
        policy: Annotated[str, typer.Option(help="The policy to inspect by.")] = "standard",
        language: Annotated[str | None, typer.Option(help="zh-CN or en.")] = None,
        explain: Annotated[
            bool,
            typer.Option(
                "--explain",
                help="Show how each finding was judged; pictures with boxes go to ./annotated.",
            ),
        ] = False,
        mask_to: Annotated[
            Path | None, typer.Option(metavar="DIR", help="Write masked pictures here.")
        ] = None,
        annotate_to: Annotated[
            Path | None, typer.Option(metavar="DIR", help="Write pictures with boxes and rules.")
        ] = None,
        resume: Annotated[
            Path | None, typer.Option(metavar="FILE", help="Record finished files here.")
        ] = None,
        jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Files at a time.")] = 1,
    ) -> None:
        """Inspect text (stdin, -), pictures, documents and folders of them.

        Exit status: 0 clean, 3 something found, 1 something could not be inspected, 2 wrong usage.
        """
        if batch is not None and paths:
            _usage("--batch takes no PATH")
        if explain and annotate_to is None and paths and "-" not in paths:
            annotate_to = _ANNOTATED
        options = FolderOptions(
            policy=policy, mask_to=mask_to, annotate_to=annotate_to, journal=resume, jobs=jobs
        )
        try:
            settings = load_settings()
            chosen = _language(language or settings.language)
            output: Output = (
                JsonOutput(explain) if as_json or batch else TableOutput(chosen, explain=explain)
            )
            run = _Run(settings, chosen, options, reader)
            status = asyncio.run(run.batch(batch, output) if batch else run.files(paths, output))
        except ConfigurationError as error:
            _usage(str(error))
        raise typer.Exit(status)


def _usage(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(Exit.USAGE)


def _language(name: str) -> Language:
    if name not in LANGUAGES:
        raise ConfigurationError(f"no language {name!r}", mend=f"one of {', '.join(LANGUAGES)}")
    return name


class _Run:
    """One run of the command."""

    def __init__(
        self,
        settings: Settings,
        language: Language,
        options: FolderOptions,
        reader: ReaderFactory | None,
    ) -> None:
        readers = max(options.jobs, settings.ocr_workers)
        self._settings = settings.model_copy(update={"ocr_workers": readers})
        self._language: Language = language
        self._options = options
        self._policy = options.policy
        self._reader = reader
        self._media: MediaReader | None = None

    def files(self, paths: list[str] | None, output: Output) -> Coroutine[Any, Any, Exit]:
        if paths and (self._options.wanted or any(Path(path).is_dir() for path in paths)):
            return self._folders(paths, output)
        return self._single(paths, output)

    async def _single(self, paths: list[str] | None, output: Output) -> Exit:
        tally = _Tally(output)
        async with AsyncExitStack() as stack:
            named = paths or ["-"]
            checker = await self._checker(stack, named)
            # One text is soon read: a bar would only flicker.
            advance = stack.enter_context(progress(len(named) if len(named) > 1 else 0))
            for path in named:
                try:
                    if path == "-":
                        text = decode(sys.stdin.buffer.read())
                        result = checker.check_text(text, policy=self._policy)
                    else:
                        result = await checker.check_file(Path(path), policy=self._policy)
                    tally.result(path, result)
                except NotReadable as error:
                    tally.error(path, error.reason)
                advance(1)
        return tally.status

    async def _folders(self, paths: list[str], output: Output) -> Exit:
        tally = _Tally(output)
        async with AsyncExitStack() as stack:
            checker = await self._checker(stack, paths)
            check = FolderCheck(checker, self._media, self._options, tally)
            await check.run(Path(path) for path in paths)
        return tally.status

    async def batch(self, path: str, output: Output) -> Exit:
        tally = _Tally(output)
        async with AsyncExitStack() as stack:
            checker = await self._checker(stack)
            advance = stack.enter_context(progress(size(path)))
            for line in lines(path):
                await self._line(checker, line, tally)
                advance(len(line))
        return tally.status

    async def _checker(self, stack: AsyncExitStack, paths: Sequence[str] = ()) -> Checker:
        reader: MediaReader | None = None
        if self._reader is not None:
            reader = await stack.enter_async_context(self._reader(self._settings))
        self._media = reader
        start = getattr(reader, "start", None)
        if start is not None and any(map(_is_picture, paths)):
            # The child starts while the rules are loaded.
            start()
        checker = await asyncio.to_thread(
            configured_checker, self._settings, language=self._language, reader=reader
        )
        await asyncio.to_thread(checker.prepare, self._policy)
        return checker

    async def _line(self, checker: Checker, line: bytes, tally: _Tally) -> None:
        line_id: object = None
        try:
            record = parse(line)
            line_id = record.get("id")
            require_valid(record)
            policy = record.get("policy", self._policy)
            keywords = tuple(record.get("keywords", ()))
            if "text" in record:
                result = checker.check_text(record["text"], policy=policy, keywords=keywords)
            else:
                result = await checker.check_file(
                    Path(record["path"]), policy=policy, keywords=keywords
                )
            tally.result(line_id, result)
        except (NotReadable, ConfigurationError) as error:
            tally.error(line_id, str(error))


def _is_picture(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return sniff(file.read(32)) is not None
    except OSError:
        return False
