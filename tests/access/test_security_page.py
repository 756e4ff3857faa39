"""docs/security.md shows the privileges that the files give."""
from __future__ import annotations

import json
import re

from loader.elastic.assets import KEY_PURPOSES, read_key_request
from tests.conftest import REPOSITORY


def test_the_page_shows_the_files() -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
    shown = re.findall(r"^`([\w-]+)`:\n\n```json\n(.*?)```", page, re.M | re.S)
    assert {purpose: json.loads(body) for purpose, body in shown} == {
        purpose: read_key_request(purpose) for purpose in KEY_PURPOSES
    }


def test_no_file_is_without_a_purpose() -> None:
    assert {file.stem for file in (REPOSITORY / "api_keys").iterdir()} == set(KEY_PURPOSES)
