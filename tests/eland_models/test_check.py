"""The ML node's rules, on models made to break them."""

from __future__ import annotations

import struct
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch
from torch import Tensor, nn

from eland_models.check import FORBIDDEN_WORDS, LIMITS, check, require_accepted, words_in
from eland_models.errors import ModelError
from eland_models.export import ExportedModel
from tests.conftest import invoke


class Sorter(nn.Module):  # type: ignore[misc]
    """Sorts in a branch within a loop, in a method that forward calls."""

    def forward(self, tokens: Tensor) -> Tensor:
        return self.inner(tokens)

    def inner(self, tokens: Tensor) -> Tensor:
        for _ in range(3):
            if int(tokens.sum()) > 2:
                tokens = torch.sort(tokens).values
        return tokens


class Saver(nn.Module):  # type: ignore[misc]
    """Calls an operation that is forbidden outright."""

    def forward(self, tokens: Tensor) -> Tensor:
        return torch.as_strided(tokens, [1], [1])


def saved(module: nn.Module, path: Path) -> Path:
    torch.jit.save(torch.jit.script(module), path)
    return path


def test_finds_an_operation_in_a_block_and_names_its_line(tmp_path: Path) -> None:
    path = saved(Sorter(), tmp_path / "sorter.pt")
    found = [str(finding) for finding in check(path).findings]
    assert any(
        "aten::sort is not allowed" in line and "test_check.py" in line and "torch.sort(tokens)" in line
        for line in found
    ), found
    with pytest.raises(ModelError, match="Elasticsearch would refuse"):
        require_accepted(path)


def test_tells_forbidden_from_not_allowed(tmp_path: Path) -> None:
    found = [str(finding) for finding in check(saved(Saver(), tmp_path / "saver.pt")).findings]
    assert any("aten::as_strided is forbidden" in line for line in found)


def with_record(exported: ExportedModel, path: Path, name: str, content: bytes) -> Path:
    """A copy of a model with one more record."""
    path.write_bytes(exported.path.read_bytes())
    with ZipFile(path, "a") as archive:
        archive.writestr(f"{archive.namelist()[0].split('/')[0]}/{name}", content)
    return path


def test_finds_forbidden_words_in_any_record(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/note", b"x" * 100 + FORBIDDEN_WORDS[0])
    assert ["__setstate__" in str(finding) for finding in check(path).findings] == [True]


def test_finds_records_with_long_names(tmp_path: Path, exported: ExportedModel) -> None:
    root = len(f"{ZipFile(exported.path).namelist()[0].split('/')[0]}/extra/")
    for letter, width in (("x", 1), ("é", 2)):
        fits = letter * ((255 - root) // width)
        path = with_record(exported, tmp_path / "copy.pt", f"extra/{fits}", b"")
        assert check(path).findings == []
        path = with_record(exported, tmp_path / "copy.pt", f"extra/{fits}{letter}", b"")
        (finding,) = check(path).findings
        assert f"name has {root + (len(fits) + 1) * width} bytes" in finding.rule
        assert check(path).verdict == "refused by Elasticsearch 8.19.21, 9.4.6, 9.5.2 and later"


def test_finds_a_record_that_cannot_be_read(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/note", b"some words")
    path.write_bytes(path.read_bytes().replace(b"some words", b"some wordz"))
    (finding,) = check(path).findings
    assert "cannot be read (Bad CRC-32" in finding.rule and finding.place.endswith("extra/note")


# of a record's entry in the archive's list: where a field stands (APPNOTE.TXT, 4.3.12), and a value for it
DAMAGE = {
    "encrypted": (8, "<H", 1, "encrypted"),
    "compressed as bzip2": (10, "<H", 12, "no compression 12"),
    "longer than it is": (24, "<I", 10**9, "ends after 10 of 1,000,000,000 bytes"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_finds_a_record_that_pytorch_cannot_read(
    tmp_path: Path, exported: ExportedModel, damage: str
) -> None:
    place, form, value, said = DAMAGE[damage]
    path = with_record(exported, tmp_path / "copy.pt", "extra/note", b"some words")
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, content.rindex(b"PK\x01\x02") + place, value)
    path.write_bytes(content)
    (finding,) = check(path).findings
    assert "the record cannot be read" in finding.rule and said in finding.rule


def test_finds_a_record_whose_header_points_beyond_the_file(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/note", b"some words")
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, content.rindex(b"PK\x03\x04") + 28, 60_000)
    path.write_bytes(content)
    (finding,) = check(path).findings
    assert "the record cannot be read" in finding.rule


def test_finds_a_list_of_records_that_cannot_be_read(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/é", b"")
    path.write_bytes(path.read_bytes().replace("extra/é".encode(), b"extra/\xff\xff"))
    (finding,) = check(path).findings
    assert "list of records cannot be read" in finding.rule


def test_finds_a_record_outside_of_the_archives_folder(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/note", b"")
    with ZipFile(path, "a") as archive:
        archive.writestr("../../etc/passwd", b"")
    (finding,) = check(path).findings
    assert "does not begin with" in finding.rule and finding.place == "../../etc/passwd"


def test_a_records_name_cannot_colour_the_terminal(tmp_path: Path, exported: ExportedModel) -> None:
    path = with_record(exported, tmp_path / "copy.pt", "extra/\x1b[31mred\nred", FORBIDDEN_WORDS[0])
    said = invoke("model", "check", path)
    assert said.exit_code == 1 and "\x1b" not in said.output and len(said.output.splitlines()) == 2


def test_finds_a_word_across_two_pieces(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_bytes(b"abc__getst" + b"ate__def")
    with path.open("rb") as stream:
        assert words_in(stream, size=10) == {b"__getstate__"}


def test_refuses_what_is_not_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_text("no model", encoding="ascii")
    with pytest.raises(ModelError, match="is not a TorchScript file"):
        check(path)


def test_both_precisions_are_accepted(exported: ExportedModel, exported_int8: ExportedModel) -> None:
    assert require_accepted(exported.path).findings == []
    assert require_accepted(exported_int8.path).findings == []


def test_limits_are_elastics(shared: Path) -> None:
    for path in (shared / "elasticsearch-limits").glob("*.txt"):
        ours = LIMITS / path.name
        assert ours.read_text(encoding="ascii").split() == path.read_text(encoding="ascii").split()
