"""Searches through the stored templates while something else happens."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.connection import has_lookup
from loader.search.asking import answer_question
from loader.search.filters import Filters
from loader.search.question import ask_text

Ids = tuple[str, ...]


class Searches:
    """Searches through the stored templates, again and again, until they are stopped.

    Attributes:
        answers: what each template found, in the order in which it was asked.
        asked: how many photos `peaks search --hybrid` found.
    """

    def __init__(self, client: Elasticsearch, photo: str) -> None:
        self._client, self._stop, self._errors = client, Event(), list[Exception]()
        self.questions: dict[str, dict[str, Any]] = {
            "photos-by-text": {"text": "a yak in snow"},
            "photos-hybrid": {"text": "a yak in snow"},
            "photos-hybrid-basic": {"text": "a yak in snow"},
            "photos-by-peak": {"peak": "Ama Dablam"},
            "peaks-by-text": {"text": "a steep summit"},
        }
        if has_lookup(client):
            self.questions["photos-like-photo"] = {"photo": photo}
            self.questions["photos-of-peak"] = {"peak": "ama-dablam"}
        self.answers: dict[str, list[Ids]] = {name: [] for name in self.questions}
        self.asked: list[int] = []
        self._old: dict[str, set[Ids]] = {}
        self._thread = Thread(target=self._search)

    def ask(self, name: str) -> Ids:
        index = "peaks_catalog" if name.startswith("peaks-") else "photos"
        parameters = {**self.questions[name], "size": 8}
        hits = self._client.search_template(index=index, id=name, params=parameters)["hits"]["hits"]
        return tuple(hit["_id"] for hit in hits)

    def _search(self) -> None:
        question = ask_text("a yak in snow", "photo", Filters(), hybrid=True)
        try:
            while not self._stop.is_set():
                self.asked.append(len(answer_question(self._client, question).hits))  # of several requests
                for name in self.questions:
                    self.answers[name].append(self.ask(name))
        except Exception as error:
            self._errors.append(error)

    @contextmanager
    def throughout(self) -> Iterator[None]:
        """Search while something happens."""
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def note_old(self) -> None:
        """Note how the templates answer now, before the swap."""
        for name in self.questions:
            self._old.setdefault(name, set()).add(self.ask(name))

    def check(self) -> None:
        """Every answer is that of one model: of the old one, and from some moment on of the new one."""
        assert not self._errors, self._errors
        assert len(self.asked) > 10 and all(self.asked)
        for name, answers in self.answers.items():
            new, old = self.ask(name), self._old[name]
            moved = [answer in old for answer in answers].index(False)
            assert new and new not in old and () not in old, name
            assert moved > 10 and set(answers[moved:]) == {new}, name
