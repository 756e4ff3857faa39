"""Raw UTF-8 bytes to code points in the graph, and the vocabulary that makes Elasticsearch send raw bytes.

Elasticsearch tokenizes before a model runs, and none of its tokenizers is Gemma's. Its `roberta`
tokenization is byte-level, though: given a vocabulary of single bytes in the order of their values and a
merge that never happens, it hands the model the text's own UTF-8 bytes, **token id == byte value**. The
five special tokens that it demands follow as 256–260.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import torch
from torch import Tensor, nn

SPECIAL_TOKENS = ["<s>", "</s>", "<unk>", "<pad>", "<mask>"]
# Elasticsearch gives a literal "<mask>" in a text its own id, whatever the model is for
MASK_ID = 256 + SPECIAL_TOKENS.index("<mask>")
# bytes of a text that reach the model: 63 tokens of the longest scripts, or a recipe with all its names
MAX_SEQUENCE_LENGTH = 2048
# an empty list of merges is refused; UTF-8 has no byte 0xC0 or 0xC1, so these two never meet
NEVER_MERGED = (0xC0, 0xC1)


def carrier_vocabulary() -> dict[str, list[str]]:
    """The body for Elasticsearch's `_vocabulary`: bytes as GPT-2's stand-in characters, specials, one idle
    merge."""
    characters = byte_characters()
    return {
        "vocabulary": [*characters, *SPECIAL_TOKENS],
        "merges": [" ".join(characters[byte] for byte in NEVER_MERGED)],
    }


def byte_characters() -> list[str]:
    """[256] the printable character that stands for each byte in byte-level BPE (GPT-2, Radford et al. 2019).

    Printable Latin-1 stands for itself; the others take the code points from 256 on, in order.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    substitutes = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(substitutes)) for byte in range(0x100)]


class Utf8Decoder(nn.Module):
    """Token ids that are bytes to code points.

    Elasticsearch cuts a long text at a number of bytes, maybe inside a character: an incomplete last
    character is dropped, and so is anything else that is not UTF-8 (which Elasticsearch never sends).
    """

    def __init__(self) -> None:
        super().__init__()
        self.mask_id = MASK_ID
        self.register_buffer("mask_bytes", torch.tensor([list(b"<mask>")]))

    def forward(self, tokens: Tensor) -> Tensor:
        """[n] int64 token ids to [m] int64 code points."""
        octets = self.octets(tokens)
        second, third, fourth = following(octets, 1), following(octets, 2), following(octets, 3)
        length = 1 + (octets >= 0xC0).to(torch.int64) + (octets >= 0xE0) + (octets >= 0xF0)
        low = (second & 63) * 4096 + (third & 63) * 64 + (fourth & 63)
        code_point = torch.where(
            length == 1,
            octets,
            torch.where(
                length == 2,
                (octets & 31) * 64 + low // 4096,
                torch.where(length == 3, (octets & 15) * 4096 + low // 64, (octets & 7) * 262144 + low),
            ),
        )
        run = continues(second) * (1 + continues(third) * (1 + continues(fourth)))
        whole = (continues(octets) == 0) & (run + 1 >= length) & (octets < 0xF8) & (code_point < 0x110000)
        return code_point[whole]

    def octets(self, tokens: Tensor) -> Tensor:
        """[n] token ids to bytes: `<mask>` spelled out, other specials dropped."""
        if int((tokens == self.mask_id).sum()) > 0:
            rest = torch.full([tokens.size(0), self.mask_bytes.size(1) - 1], -1, dtype=torch.int64)
            single = torch.cat([tokens.unsqueeze(1), rest], 1)
            tokens = torch.where(single[:, :1] == self.mask_id, self.mask_bytes, single).reshape(-1)
        return tokens[(tokens >= 0) & (tokens < 256)]


def following(octets: Tensor, distance: int) -> Tensor:
    """[n] the byte that many places on, 0 behind the end."""
    return torch.cat([octets[distance:], torch.full_like(octets[:distance], 0)])


def continues(octets: Tensor) -> Tensor:
    """[n] int64 1 for a continuation byte (10xxxxxx), else 0."""
    return ((octets & 0xC0) == 0x80).to(torch.int64)
