"""`peaks doctor` with each key: the setup key may look at everything, and what the others may not is said."""
from __future__ import annotations

import json

import pytest

from tests.access.conftest import Secured
from tests.session_node import watermarks

pytestmark = pytest.mark.cluster

ASSETS = {"ingest pipelines", "component templates", "index templates", "search templates"}


@pytest.mark.parametrize(("who", "refused"), [
    ("elastic", set[str]()),
    ("setup", set[str]()),
    ("loader", {"licence", "disk", *ASSETS}),
    ("search", {"licence", "disk", *ASSETS}),
])
def test_what_a_key_may_not_look_at_is_a_line_and_hides_nothing(
    secured: Secured, who: str, refused: set[str]
) -> None:
    with watermarks(secured.client("elastic"), "1b"):
        done = secured.run(who, "doctor", "--json")
    findings = {finding["subject"]: finding for finding in json.loads(done.stdout)}
    assert {subject for subject, finding in findings.items() if finding["state"] == "wrong"} == refused
    assert all("may not do this" in findings[subject]["told"] for subject in refused)
    assert done.exit_code == bool(refused) and len(findings) == 16
    assert findings["index photos"]["told"] == "photos-000001, 6 documents"
