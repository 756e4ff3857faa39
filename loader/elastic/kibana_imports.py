"""Kibana's saved-objects API: what an import would do, the import, and what became of each object.

Kibana answers an import with 200 whatever became of it, and lists as successes objects that it did not write
because others were refused. What counts is ``success``, and the type of each error:

- `missing_references`, `ambiguous_conflict`: found before writing, and then nothing is written at all;
- `unsupported_type`, `unknown`: the object is left out, the others are written;
- `conflict`: with overwrite it can only come out of the writing itself, so nothing is known of the others.

Source: elastic/kibana, src/core/packages/saved-objects/import-export-server-internal/src/import.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loader.elastic.kibana_answers import refuse
from loader.elastic.kibana_server import Kibana, quote
from loader.elastic.kibana_sources import KINDS, Key, SavedObject, pack_objects
from loader.errors import PeaksError

Action = Literal["created", "overwritten", "refused", "not written", "unconfirmed"]
WRITTEN: tuple[Action, ...] = ("created", "overwritten")

_FILE = "peaks.ndjson"  # Kibana looks at the name's end
_STOPS_ALL = frozenset(("missing_references", "ambiguous_conflict"))
_LEAVES_DOUBT = frozenset(("conflict",))
_SAVED_OBJECTS = "in Stack Management, Saved Objects"


@dataclass(frozen=True)
class Outcome:
    """What became, or would become, of one object.

    Attributes:
        action: "created" and "overwritten" are in Kibana; "refused" is not; "not written" would have been,
            had no other object been refused; of an "unconfirmed" one Kibana does not say enough.
        kind: its type for people: "data view".
        name: its id in the file.
        note: its title, and what a person should know beyond that.
        written_id: its id in Kibana, which differs when another space has an object of that id.
    """

    action: Action
    kind: str
    name: str
    note: str
    written_id: str


@dataclass(frozen=True)
class ImportReport:
    """What Kibana made of an import.

    Attributes:
        success: whether everything was written.
        outcomes: one an object, in the order of the import.
        warnings: what Kibana wants a person to know.
    """

    success: bool
    outcomes: tuple[Outcome, ...]
    warnings: tuple[str, ...] = ()

    def dashboards(self, kibana: Kibana) -> list[str]:
        """Return the addresses of the dashboards that were written."""
        return [
            f"{kibana.home}/app/dashboards#/view/{outcome.written_id}"
            for outcome in self.outcomes
            if outcome.kind == KINDS["dashboard"] and outcome.action in WRITTEN
        ]

    def failure(self) -> PeaksError | None:
        """Return the error that ends a run whose import failed."""
        if self.success:
            return None
        total, count = len(self.outcomes), Counter(outcome.action for outcome in self.outcomes)
        again = "run again, which makes nothing twice"
        if not count["refused"]:
            what = f"what became of {count['unconfirmed']} of {total} objects"
            return PeaksError(f"Kibana does not say {what}: see its log, and {again}.")
        if count["unconfirmed"]:
            rest = f"does not say what became of {count['unconfirmed']}"
        elif written := sum(count[action] for action in WRITTEN):
            rest = f"wrote the other {written}"
        else:
            rest = "wrote none"
        what = f"Kibana refused {count['refused']} of {total} objects and {rest}"
        return PeaksError(f"{what}: put right the reasons beside them, and {again}.")


def check_space(kibana: Kibana) -> None:
    """Refuse what is no Kibana, does not let us in or lacks the space.

    Kibana itself does not refuse an import into a space that there is not: it writes what nobody will see.

    Raises:
        PeaksError: one sentence about it.
    """
    answer = kibana.request("GET", "/api/spaces/space", in_space=False)
    spaces = answer.document()
    if answer.status != 200 or not _are_spaces(spaces):
        raise refuse(answer, kibana)
    ids = [str(space["id"]) for space in spaces]
    if kibana.space not in ids:
        raise PeaksError(
            f"Kibana at {kibana.place} has no space '{kibana.space}' for these credentials, which may enter "
            f"{quote(', '.join(ids)) or 'none'}: give another --space, or create it in Kibana."
        )


def _are_spaces(document: Any) -> bool:
    return isinstance(document, list) and all(isinstance(item, dict) and "id" in item for item in document)


def preview_import(kibana: Kibana, objects: Sequence[SavedObject]) -> ImportReport:
    """Say what an import would create and what it would overwrite, and change nothing.

    Raises:
        PeaksError: Kibana does not say.
    """
    missing = _find_missing(kibana, objects)
    outcomes = (_outcome(one, "created" if one.key in missing else "overwritten") for one in objects)
    return ImportReport(success=True, outcomes=tuple(outcomes))


def _find_missing(kibana: Kibana, objects: Sequence[SavedObject]) -> set[Key]:
    """Ask for an export, which lists by name what there is not."""
    wanted = [{"type": one.type, "id": one.id} for one in objects]
    asked = {"objects": wanted, "excludeExportDetails": True}
    answer = kibana.request("POST", "/api/saved_objects/_export", document=asked)
    if answer.status == 200:
        if answer.headers.get("content-type", "").startswith("application/ndjson"):
            return set()
        raise refuse(answer, kibana)
    document = answer.document()
    attributes = document.get("attributes") if isinstance(document, dict) else None
    failed = _entries(attributes, "objects")
    if answer.status != 400 or not failed or any(_status(one) != 404 for one in failed):
        raise refuse(answer, kibana)
    return {(str(one.get("type")), str(one.get("id"))) for one in failed}


def _status(failed: Mapping[str, Any]) -> object:
    error = failed.get("error")
    return error.get("statusCode") if isinstance(error, dict) else None


def import_objects(kibana: Kibana, objects: Sequence[SavedObject]) -> ImportReport:
    """Import objects, over those that are there already, and read what became of each.

    Args:
        kibana: whose space `check_space` found.
        objects: what others refer to first.

    Raises:
        PeaksError: there is no answer that says what became of them.
    """
    path = "/api/saved_objects/_import?overwrite=true"
    answer = kibana.request("POST", path, file=(_FILE, pack_objects(objects)))
    document = answer.document()
    success = document.get("success") if isinstance(document, dict) else None
    if answer.status != 200 or not isinstance(success, bool):
        raise refuse(answer, kibana)
    return _read_report(document, objects)


def _read_report(document: Mapping[str, Any], objects: Sequence[SavedObject]) -> ImportReport:
    errors = _by_key(_entries(document, "errors"))
    listed = _by_key(_entries(document, "successResults"))
    types = {_type(error) for several in errors.values() for error in several}
    unlike: Action | None = None  # what objects that are listed as successes really are
    if types & _STOPS_ALL:
        unlike = "not written"
    elif types & _LEAVES_DOUBT or not (document["success"] or errors):
        unlike = "unconfirmed"
    outcomes = [_judge(one, errors.get(one.key), listed.get(one.key), unlike) for one in objects]
    outcomes += _strangers(errors, objects)
    return ImportReport(
        success=document["success"] and all(outcome.action in WRITTEN for outcome in outcomes),
        outcomes=tuple(outcomes),
        warnings=tuple(quote(warning.get("message", "")) for warning in _entries(document, "warnings")),
    )


def _judge(
    one: SavedObject,
    errors: Sequence[Mapping[str, Any]] | None,
    listed: Sequence[Mapping[str, Any]] | None,
    unlike: Action | None,
) -> Outcome:
    if errors:
        return _outcome(one, "refused", _explain_all(errors))
    if unlike:
        return _outcome(one, unlike)
    if not listed:
        return _outcome(one, "unconfirmed", "Kibana's answer leaves it out")
    written = listed[0].get("destinationId")
    action: Action = "overwritten" if listed[0].get("overwrite") is True else "created"
    if not isinstance(written, str) or written == one.id:
        return _outcome(one, action)
    return _outcome(one, action, f"as {quote(written)}, for another space has {one.id}", written)


def _outcome(one: SavedObject, action: Action, note: str = "", written_id: str | None = None) -> Outcome:
    told = f"{one.title}: {note}" if note else one.title
    return Outcome(action, one.kind, one.id, told, written_id or one.id)


def _strangers(
    errors: Mapping[Key, Sequence[Mapping[str, Any]]], objects: Sequence[SavedObject]
) -> list[Outcome]:
    """Return what Kibana refuses without being asked for it, so that no error is lost."""
    known = {one.key for one in objects}
    return [
        Outcome("refused", KINDS.get(key[0], quote(key[0])), quote(key[1]), _explain_all(several), key[1])
        for key, several in errors.items()
        if key not in known
    ]


def _explain_all(failures: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(map(explain_error, failures))


def explain_error(failure: Mapping[str, Any]) -> str:
    """Say why Kibana refused one object, and what to do about it.

    Args:
        failure: an entry of the answer's ``errors``.
    """
    error = failure.get("error")
    explain = _EXPLANATIONS.get(_type(failure), _explain_unknown)
    return explain(error if isinstance(error, dict) else {})


def _type(failure: Mapping[str, Any]) -> str:
    error = failure.get("error")
    return str(error.get("type", "")) if isinstance(error, dict) else ""


def _explain_conflict(error: Mapping[str, Any]) -> str:
    other = f" {quote(error['destinationId'])}" if "destinationId" in error else ""
    return f"an object{other} stands in its place and was not overwritten; delete it {_SAVED_OBJECTS}"


def _explain_ambiguous(error: Mapping[str, Any]) -> str:
    several = ", ".join(str(found.get("id")) for found in _entries(error, "destinations"))
    return f"several objects here come from it ({quote(several)}); delete all but one {_SAVED_OBJECTS}"


def _explain_missing(error: Mapping[str, Any]) -> str:
    targets = (
        f"{KINDS.get(str(target.get('type')), target.get('type'))} {target.get('id')}"
        for target in _entries(error, "references")
    )
    return f"Kibana has not got what it needs: {quote(', '.join(targets)) or 'another object'}"


def _explain_unsupported(error: Mapping[str, Any]) -> str:
    return "this Kibana does not know the type; it is older than 8.19, or the feature is turned off"


def _explain_owner(error: Mapping[str, Any]) -> str:
    return f"another user owns it and lets others only read it; ask them, or delete it {_SAVED_OBJECTS}"


def _explain_unknown(error: Mapping[str, Any]) -> str:
    """Quote the message, which a validation error has only in its payload."""
    output = error.get("output")
    payload = output.get("payload") if isinstance(output, dict) else None
    message = error.get("message") or (payload.get("message") if isinstance(payload, dict) else None)
    said = quote(message or f"Kibana says {error.get('type', 'nothing')}")
    if "belongs to a more recent version" in said:
        return f"{said}; this Kibana is older than 8.19"
    return said


_EXPLANATIONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "conflict": _explain_conflict,
    "ambiguous_conflict": _explain_ambiguous,
    "missing_references": _explain_missing,
    "unsupported_type": _explain_unsupported,
    "access_control_conflict": _explain_owner,
}


def _entries(document: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects of a list in an answer; [] when there is no such list."""
    listed = document.get(key) if isinstance(document, dict) else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _by_key(entries: Sequence[dict[str, Any]]) -> dict[Key, list[dict[str, Any]]]:
    by_key: dict[Key, list[dict[str, Any]]] = {}
    for entry in entries:
        by_key.setdefault((str(entry.get("type")), str(entry.get("id"))), []).append(entry)
    return by_key
