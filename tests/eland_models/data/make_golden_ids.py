"""Make golden_ids.json: what transformers ≥ 5's own `Siglip2Tokenizer` makes of texts with Gemma's pieces.

    python make_golden_ids.py FOLDER_WITH_GEMMAS_TOKENIZER_JSON

Runs in an environment of its own (`pip install "transformers>=5" pyyaml`): Eland needs transformers 4.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import transformers
import yaml

HERE = Path(__file__).parent
PHRASES = HERE.parents[2] / "eland_models" / "parity_phrases.yaml"
ODD_TEXTS = [
    "",
    " ",
    "a",
    "Hello   World",
    "  leading and trailing  ",
    "tab\tnew\nline\n\n\nend",
    "İstanbul ΣΊΣΥΦΟΣ ẞ ǅ",
    "ﬁ Å e\u0301",
    " " * 100,
    "\n" * 40,
    "\t" * 40,
    "a" * 300,
    "ab" * 100,
    "▁▁ literal ▁ marks",
    "https://example.org/Ama_Dablam?q=1#x",
    "👩‍👩‍👧‍👦🏔️🇳🇵",
    "\U0010ffff\u0378\ue000",
    "8,848.86 m (29,031.7 ft)",
    "camelCase snake_case HTML <b>bold</b> <table>",
    "zero\u200bwidth\u200djoiner\u00a0nbsp\ufeffbom",
    "a\x00b\x01c\x7f",
    "ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ།",
    "x" * 62 + " y z",
    "<start_of_turn>user",
    "The quick brown fox jumps over the lazy dog. " * 5,
]


def main(folder: str) -> None:
    """Write golden_ids.json beside this script."""
    tokenizer = transformers.Siglip2Tokenizer.from_pretrained(
        folder, add_bos_token=False, add_eos_token=True, padding_side="right"
    )
    phrases = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    texts = [*ODD_TEXTS, *(phrase for every in phrases.values() for phrase in every)]
    golden = {text: tokenizer(text, truncation=True, max_length=64)["input_ids"] for text in texts}
    content = {"transformers": transformers.__version__, "ids": golden}
    # one text a line, so that a change shows in a diff
    path = HERE / "golden_ids.json"
    path.write_text(
        json.dumps(content, ensure_ascii=True, separators=(",", ":")).replace("],", "],\n") + "\n",
        encoding="ascii",
    )


if __name__ == "__main__":
    main(sys.argv[1])
