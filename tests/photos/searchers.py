"""People who search by words without a pause, and what they got: the answer, or a sentence."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from elasticsearch import ApiError, Elasticsearch, TransportError

from loader.elastic.connection import Connection
from loader.elastic.error_sentences import explain
from loader.search.question import BY_TEXT
from tests.embedded.plugin_node import wait_until

WORDS = "prayer flags"
SIZE = 12


def search(client: Elasticsearch) -> list[str]:
    """The ids of the photos that fit the words best."""
    answer = client.search_template(index="photos", id=BY_TEXT, params={"text": WORDS, "size": SIZE})
    assert not answer["timed_out"] and not answer["_shards"]["failed"], answer
    return sorted(hit["_id"] for hit in answer["hits"]["hits"])


class Searchers:
    """What the people of `searching` got.

    Attributes:
        answers: how many were right.
        wrong: the others.
        sentences: what people read in place of an answer, in the order in which they first read it.
    """

    def __init__(self, url: str, right: list[str]) -> None:
        self.answers, self.sentences = 0, dict[str, None]()
        self.wrong: list[object] = []
        self.stopped = Event()
        self._url, self._right = url, right

    def ask_on(self) -> None:
        """Search until the end of the block."""
        client = Connection(url=self._url).client(request_timeout=30)
        while not self.stopped.is_set():
            try:
                found = search(client)
            except (ApiError, TransportError) as error:
                self.sentences.setdefault(explain(error).message)
                self.stopped.wait(0.1)
                continue
            except BaseException as error:
                self.wrong.append(error)
                raise
            self.answers += found == self._right
            if found != self._right:
                self.wrong.append(found)
        client.close()

    def await_answer(self) -> None:
        """Wait until somebody gets another answer."""
        answers = self.answers
        wait_until(lambda: self.answers > answers)

    def await_sentence(self, pattern: str) -> None:
        """Wait until somebody has read a sentence."""
        wait_until(lambda: any(re.search(pattern, said) for said in list(self.sentences)))

    def read_only(self, *patterns: str) -> bool:
        """Assert that nobody got a wrong answer, and every sentence is an expected one."""
        assert not self.wrong and self.answers, self.wrong
        others = [said for said in self.sentences if not any(re.search(each, said) for each in patterns)]
        assert not others, others
        return True


@contextmanager
def searching(url: str, client: Elasticsearch, people: int = 4) -> Iterator[Searchers]:
    """Have people search during a block; all of them end with it."""
    searchers = Searchers(url, search(client))
    threads = [Thread(target=searchers.ask_on) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield searchers
    finally:
        searchers.stopped.set()
        for thread in threads:
            thread.join()
