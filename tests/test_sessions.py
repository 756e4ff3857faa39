"""Two test sessions in one checkout."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import claimed


def test_the_second_session_is_told_and_the_next_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with claimed(file), pytest.raises(pytest.fail.Exception, match="Another pytest session"), claimed(file):
        pass
    with claimed(file):
        pass
