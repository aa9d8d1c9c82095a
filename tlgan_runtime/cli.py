"""The `cheermeup` command: parses, calls `CheerMeUp`, prints.

Everything heavy is imported inside the commands, so that `--help` and `--version` answer at once.
"""

from __future__ import annotations

import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlgan_runtime.batch_command import batch
from tlgan_runtime.console import hush, report, show_progress, show_warning, write
from tlgan_runtime.errors import CheerMeUpError, InputError
from tlgan_runtime.options import (
    BundleOption,
    EasingOption,
    HoldOption,
    JsonOption,
    KeepOption,
    LoopOption,
    MethodOption,
    Precision,
    PrecisionOption,
    Provider,
    ProviderOption,
    QuietOption,
    RepeatOption,
    SeedOption,
    SizeOption,
    StillOption,
    ThreadsOption,
)

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp

BUG, USAGE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    help="Draw faces from an exported bundle, change their expression, animate the change.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from tlgan_runtime import __version__

        typer.echo(f"cheermeup {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; allowed anywhere.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    # `--debug` is acted on in `main`, which sees what commands raise.
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def gif(
    emotion: Annotated[
        str | None,
        typer.Option(
            "--emotion", help="Emotion that grows; several (joy,anger) or all: a column each.", show_default="joy"
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Frames from strength 0 to 1.", show_default="30")
    ] = None,
    timeline: Annotated[
        str | None,
        typer.Option("--timeline", help="Emotions at times: 'neutral, joy:0.8@1s, joy:0.5+fear:0.5@2s, neutral@3s'."),
    ] = None,
    faces: Annotated[int, typer.Option("--faces", help="Faces side by side.")] = 8,
    seed: SeedOption = 0,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help=".gif, .webp, .png (animated) or .mp4.", show_default="EMOTION.gif"),
    ] = None,
    fps: Annotated[float, typer.Option("--fps", help="Frames a second, at most 50.")] = 15,
    size: SizeOption = 256,
    labels: Annotated[bool, typer.Option("--labels", help="Write emotions and strengths below each face.")] = False,
    bars: Annotated[bool, typer.Option("--bars", help="Draw what the classifier sees below each face.")] = False,
    easing: EasingOption = None,
    loop: LoopOption = None,
    repeat: RepeatOption = None,
    hold: HoldOption = None,
    keep: KeepOption = None,
    method: MethodOption = None,
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Animate faces on their way to an emotion, or through a timeline."""
    if timeline is not None and (emotion is not None or steps is not None):
        unused = "--emotion" if emotion is not None else "--steps"
        raise InputError(
            f"--timeline names emotions and times itself; leave {unused} out (--fps sets the frames a second)"
        )
    emotion, steps = emotion or "joy", 30 if steps is None else steps
    names = [name.strip() for name in emotion.split(",")]
    name = "timeline" if timeline is not None else "-".join(names)
    editor = _open(bundle, provider, threads, quiet, precision)
    written = editor.gif(
        output or Path(f"{name}.gif"),
        names[0] if len(names) == 1 else names,
        steps,
        faces,
        seed,
        fps,
        size,
        timeline=timeline,
        easing=easing,
        loop=loop,
        hold=hold,
        repeat=repeat,
        labels=labels,
        bars=bars,
        keep=keep or (),
        method=method,
        progress=None if quiet or not sys.stderr.isatty() else show_progress,
    )
    moved: dict[str, Any] = {"emotion": emotion, "steps": steps} if timeline is None else {"timeline": timeline}
    details = {"frames": written.frames, "duration": written.duration, "fps": written.fps, "bytes": written.bytes}
    _report_file(editor, json_output, written.path, **moved, faces=faces, seed=seed, **details)


@app.command()
def sample(
    faces: Annotated[int, typer.Option("--faces", help="How many.")] = 8,
    seed: SeedOption = 0,
    output: StillOption = Path("faces.png"),
    size: SizeOption = 256,
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw seeded faces as they are."""
    from tlgan_runtime import stills

    editor = _open(bundle, provider, threads, quiet, precision)
    stills.save_sample(editor, output, faces=faces, seed=seed, size=size)
    _report_file(editor, json_output, output, faces=faces, seed=seed)


@app.command()
def edit(
    settings: Annotated[
        list[str], typer.Option("--set", metavar="EMOTION=STRENGTH", help="joy=0.8; give it once for each emotion.")
    ],
    until: Annotated[
        float | None,
        typer.Option("--until", help="Stop each face where the classifier sees the emotions with this probability."),
    ] = None,
    keep: KeepOption = None,
    faces: Annotated[int, typer.Option("--faces", help="How many.")] = 4,
    seed: SeedOption = 0,
    output: StillOption = Path("edit.png"),
    size: SizeOption = 256,
    method: MethodOption = None,
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Change the expression of seeded faces: before above, after below."""
    from tlgan_runtime import stills

    strengths = dict(_parse_setting(item) for item in settings)
    editor = _open(bundle, provider, threads, quiet, precision)
    before, after = stills.save_edit(
        editor, output, strengths, until=until, keep=keep or (), faces=faces, seed=seed, size=size, method=method
    )
    details: dict[str, Any] = {"faces": faces, "seed": seed, "strengths": strengths}
    if json_output:
        for key, images in (("before", before), ("after", after)):
            scores = editor.classify(images).emotion
            details[key] = [dict(zip(editor.emotions, map(float, row), strict=True)) for row in scores]
    _report_file(editor, json_output, output, **details)


@app.command()
def grid(
    faces: Annotated[int, typer.Option("--faces", help="Rows.")] = 4,
    seed: SeedOption = 0,
    output: StillOption = Path("grid.png"),
    size: Annotated[int, typer.Option("--size", help="Side of each face in pixels.")] = 128,
    method: MethodOption = None,
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Contact sheet: each face as it is, then at full strength of every emotion."""
    from tlgan_runtime import stills

    editor = _open(bundle, provider, threads, quiet, precision)
    columns = stills.save_grid(editor, output, faces=faces, seed=seed, size=size, method=method)
    _report_file(editor, json_output, output, faces=faces, seed=seed, columns=columns)


@app.command()
def info(
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is in a bundle."""
    from tlgan_runtime.description import describe_bundle

    editor = _open(bundle, provider, threads, quiet)
    document = {
        "path": str(editor.path),
        "methods": editor.methods,
        "attributes": editor.attributes,
        **editor.manifest.to_dict(),
    }
    report(json_output, document, describe_bundle(editor))


@app.command()
def verify(
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check every file of a bundle against its manifest; needs no ONNX Runtime."""
    from tlgan_runtime.bundle import Bundle, find_bundle

    opened = Bundle(find_bundle(bundle))
    files = opened.verify()
    lines = [f"{name}: ok, {entry.bytes} bytes" for name, entry in files.items()]
    report(json_output, {"path": str(opened.path), "intact": True, "files": list(files)}, lines)


@app.command()
def doctor(
    bundle: BundleOption = None,
    provider: ProviderOption = Provider.auto,
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what hardware, libraries and providers are really in use, and what is wrong with them."""
    from tlgan_runtime.doctor import describe, examine

    hush(quiet)
    findings, exit_code = examine(bundle, provider.value, threads)
    report(json_output, findings, describe(findings))
    raise typer.Exit(exit_code)


app.command()(batch)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 a bug, 2 usage or input, 3 bundle, 4 provider, 130."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if debug:
        given = ["--debug", *(argument for argument in given if argument != "--debug")]
    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        try:
            result = app(given, prog_name="cheermeup", standalone_mode=False)
            return result if isinstance(result, int) else 0
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("interrupted", err=True)
            return INTERRUPTED
        except Exception as error:
            if debug:
                traceback.print_exc()
            message, exit_code = _explain(error)
            if "--json" in given:
                write(json.dumps({"error": message, "type": type(error).__name__, "exit_code": exit_code}))
            typer.echo(f"cheermeup: {message}", err=True)
            return exit_code


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, CheerMeUpError):
        return " ".join(str(error).split()), error.exit_code
    # What typer raises for wrong usage is not a public class, and had another home in earlier versions.
    usage = getattr(error, "format_message", None)
    if callable(usage):
        return f"{' '.join(usage().split())} (cheermeup --help lists commands and options)", USAGE
    return f"this is a bug: {type(error).__name__}: {error} (--debug shows where)", BUG


def _open(
    bundle: str | None, provider: Provider, threads: int | None, quiet: bool, precision: Precision = Precision.auto
) -> CheerMeUp:
    from tlgan_runtime import CheerMeUp

    hush(quiet)
    return CheerMeUp(bundle, provider=provider.value, threads=threads, precision=precision.value)


def _parse_setting(item: str) -> tuple[str, float]:
    emotion, equals, strength = item.partition("=")
    try:
        if not equals:
            raise ValueError
        return emotion.strip(), float(strength)
    except ValueError:
        raise InputError(f"cannot read --set {item!r}; write it as emotion=strength, for example joy=0.8") from None


def _report_file(editor: CheerMeUp, json_output: bool, path: Path, **details: Any) -> None:
    document = {"path": str(path), **details, "bundle": editor.manifest.name, "providers": editor.providers}
    report(json_output, document, [str(path)])


if __name__ == "__main__":
    sys.exit(main())
