"""Time the exported text model beside transformers and a plain traced encoder, in one run.

    python -m benchmarks.text_model --checkpoint DIR [--model FILE …] [--threads 1]

Every row is measured in a process of its own: size of the file, load time, median milliseconds for one query
of 71 bytes, peak memory. `transformers eager` and `traced encoder` get ready ids; the exported files get raw
bytes, so their time holds decoding, tokenizer, pooling and scaling too. `--json` prints one document.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

QUERY = "A natural photo of the mountain peak Ama Dablam in the Himalayas, Nepal"
RECIPE = "peak: Ama Dablam"
LONG_TEXTS = {
    "2,000 bytes of words": "prayer flags in the wind " * 80,
    "2,000 bytes without a space": "abcdefghij" * 200,
}
EAGER, TRACED = "transformers eager", "traced encoder"
WARM_UPS = 3
COLUMNS = ["what", "file MB", "load s", "query ms", "best ms", "of eager", "peak MB"]

Result = TypeVar("Result")


@click.command()
@click.option("--checkpoint", required=True, help="Folder of a SigLIP-2 checkpoint; random weights will do.")
@click.option("--model", "files", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="Exported files.")
@click.option("--threads", default=1, show_default=True, help="Threads for one query.")
@click.option("--repeat", default=15, show_default=True, help="Queries to take the median of.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def main(checkpoint: str, files: tuple[Path, ...], threads: int, repeat: int, as_json: bool) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        traced = str(Path(folder) / "traced.pt")
        run_apart(write_traced, checkpoint, traced)
        models = [(EAGER, ""), (TRACED, traced), *((file.stem, str(file)) for file in files)]
        rows = [run_apart(measure, name, path, checkpoint, threads, repeat) for name, path in models]
    for row in rows:
        row["of_eager"] = row["best_ms"] / rows[0]["best_ms"]
    click.echo(json.dumps(rows, indent=2) if as_json else table(rows))


def run_apart(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def measure(name: str, path: str, checkpoint: str, threads: int, repeat: int) -> dict[str, Any]:
    """Load one model in this process and time it; of transformers' own there is no path."""
    import torch

    torch.set_num_threads(threads)
    started = time.perf_counter()
    with torch.inference_mode():
        query = loaded(name, checkpoint, path)
        load_s = time.perf_counter() - started
        times = times_ms(partial(query, QUERY), repeat)
        row = {
            "what": name,
            "file_mb": Path(path).stat().st_size / 1e6 if path else weights_mb(checkpoint),
            "load_s": load_s,
            "query_ms": statistics.median(times),
            "best_ms": min(times),  # what compares on a busy machine
        }
        if path and name != TRACED:
            row["recipe_ms"] = statistics.median(times_ms(partial(query, RECIPE), repeat))
            row["long_ms"] = {
                label: statistics.median(times_ms(partial(query, text), repeat))
                for label, text in LONG_TEXTS.items()
            }
    row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return row


def loaded(name: str, checkpoint: str, path: str) -> Callable[[str], Any]:
    """A function from a text to its vector."""
    import torch

    if path and name != TRACED:
        from eland_models.export import encode

        model = torch.jit.load(path)
        return lambda text: encode(model, text)
    ids = torch.tensor([ready_ids(checkpoint)])
    if path:
        traced = torch.jit.load(path)
        return lambda text: traced(ids)
    from transformers import SiglipTextModel

    eager = SiglipTextModel.from_pretrained(checkpoint).eval()
    return lambda text: eager(ids).pooler_output


def ready_ids(checkpoint: str) -> list[int]:
    """The query's 64 ids by huggingface/tokenizers."""
    from eland_models.parity import reference_ids, reference_tokenizer

    return reference_ids(reference_tokenizer(Path(checkpoint)), QUERY)


def write_traced(checkpoint: str, path: str) -> None:
    """Trace transformers' text model as Eland would: ids in, pooled vector out."""
    import torch
    from transformers import SiglipTextModel

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = SiglipTextModel.from_pretrained(checkpoint).eval()

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.model(ids).pooler_output

    with torch.no_grad():
        traced = torch.jit.trace(Pooled(), torch.tensor([ready_ids(checkpoint)]))
    torch.jit.save(traced, path)


def times_ms(call: Callable[[], Any], repeat: int) -> list[float]:
    """Milliseconds of each of `repeat` calls, after some to warm up."""
    return [1e3 * seconds for seconds in timeit.repeat(call, number=1, repeat=WARM_UPS + repeat)[WARM_UPS:]]


def weights_mb(checkpoint: str) -> float:
    """Size of the checkpoint's weights, both towers."""
    return sum(path.stat().st_size for path in Path(checkpoint).glob("*.safetensors")) / 1e6


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as aligned text, and what else the exported files were asked."""
    lines = [f"{COLUMNS[0]:<22}" + "".join(f"{column:>12}" for column in COLUMNS[1:])]
    for row in rows:
        size = f"{row['file_mb']:>12,.1f}{row['load_s']:>12.2f}"
        times = f"{row['query_ms']:>12.1f}{row['best_ms']:>12.1f}{row['of_eager']:>12.2f}"
        lines.append(f"{row['what']:<22}{size}{times}{row['peak_mb']:>12,.0f}")
    for row in rows:
        if "recipe_ms" in row:
            lines.append(f"{row['what']}: recipe {RECIPE!r} {row['recipe_ms']:.1f} ms")
            lines += [f"{row['what']}: {label} {value:.1f} ms" for label, value in row["long_ms"].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
