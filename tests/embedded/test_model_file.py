"""A model's file is judged before it is loaded: nothing that unpacks to more, nothing damaged."""
from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from cluster.embedded.model_file import ModelRefused, judge_archive, load_model
from tests.embedded.plugin_node import Echo, save_model


class Weighty(torch.nn.Module):  # type: ignore[misc]
    """Holds 16 MB of zeros, which deflate to 16 kB."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.zeros(4 * 2**20))

    def forward(self, tokens: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.weights[:4].unsqueeze(0)


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    return save_model(Echo(), tmp_path)


def repack(source: Path, kind: int, more: dict[str, bytes] | None = None) -> Path:
    """The same records in another archive."""
    target = source.with_name("repacked.pt")
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", kind) as new:
        for record in old.infolist():
            new.writestr(record.filename, old.read(record))
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return target


def test_a_model_as_pytorch_saves_it_is_loaded(echo: Path) -> None:
    tokens = torch.tensor([[97, 98]])
    assert load_model(echo)(tokens, torch.ones_like(tokens)).tolist() == [[2.0, 195.0, 1.0, 0.5]]
    load_model(repack(echo, zipfile.ZIP_STORED))


def test_a_file_that_unpacks_to_more_than_itself_is_not_loaded(tmp_path: Path) -> None:
    bomb = repack(save_model(Weighty(), tmp_path), zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 2**18
    with pytest.raises(ModelRefused, match="is compressed, as only code may be"):
        load_model(bomb)


def test_code_that_unpacks_to_more_than_code_ever_is_is_not_loaded(echo: Path) -> None:
    bomb = repack(echo, zipfile.ZIP_STORED)
    with zipfile.ZipFile(bomb, "a") as archive:
        archive.writestr("Echo/code/large.py", bytes(9 * 2**20), zipfile.ZIP_DEFLATED)
    with pytest.raises(ModelRefused, match=r"and 9,\d{3},\d{3} bytes of code"):
        load_model(bomb)


def test_records_that_lie_on_each_other_are_refused(echo: Path) -> None:
    """Each entry of the list claims the same 4 MB, so that 5 MB of file would be 40 MB of records."""
    many = repack(echo, zipfile.ZIP_STORED, {f"Echo/data/{number}": b"" for number in range(10)})
    first = {"Echo/data/large": bytes(2**22)}
    whole = repack(echo, zipfile.ZIP_STORED, first | {f"Echo/data/{number}": b"" for number in range(10)})
    data = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        large = archive.getinfo("Echo/data/large")
    entry = data.index(b"PK\x01\x02")
    while (entry := data.find(b"PK\x01\x02", entry)) >= 0:
        length = int.from_bytes(data[entry + 28 : entry + 30], "little")
        if data[entry + 46 : entry + 46 + length][:10] == b"Echo/data/" and length == len("Echo/data/0"):
            for place in (20, 24):  # compressed and uncompressed size
                data[entry + place : entry + place + 4] = (2**22).to_bytes(4, "little")
            data[entry + 42 : entry + 46] = large.header_offset.to_bytes(4, "little")
        entry += 46
    many.write_bytes(data)
    with pytest.raises(ModelRefused, match=r"claim 4\d,\d{3},\d{3} bytes in a file of 4,\d{3},\d{3}"):
        judge_archive(many)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_records_of_one_name_and_records_outside_are_refused(echo: Path) -> None:
    with pytest.raises(ModelRefused, match="two records of one name"):
        judge_archive(repack(echo, zipfile.ZIP_STORED, {"Echo/data.pkl": b"other"}))
    with pytest.raises(ModelRefused, match="does not begin with Echo/"):
        judge_archive(repack(echo, zipfile.ZIP_STORED, {"../etc/passwd": b"root"}))


def test_a_forbidden_word_is_found_before_its_record_is_run(echo: Path) -> None:
    with pytest.raises(ModelRefused, match="__setstate__ is forbidden"):
        judge_archive(repack(echo, zipfile.ZIP_STORED, {"Echo/code/x.py": b"def __setstate__(self): ..."}))


def test_a_flipped_byte_is_named_as_damage_or_does_no_harm(echo: Path) -> None:
    whole, damaged = echo.read_bytes(), 0
    flipped = echo.with_name("flipped.pt")
    for place in range(0, len(whole), 37):
        flipped.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            load_model(flipped)
        except ModelRefused as refusal:
            assert str(refusal).startswith(("The model's", "Error loading the model")), (place, refusal)
            damaged += 1
    assert damaged > len(whole) / 37 / 3  # the rest is padding
