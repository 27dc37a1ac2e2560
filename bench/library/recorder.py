"""The library's own recorder: events that are ready, inserted one at a time by threads."""

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from uuid import uuid4

from eventsourcing.persistence import InfrastructureFactory, StoredEvent

from bench.library.application import environment


class Recorder:
    """``PostgresApplicationRecorder`` with a connection for each thread."""

    def __init__(self, url: str, threads: int) -> None:
        self._threads = threads
        self._factory = InfrastructureFactory.construct(environment(url, threads))
        self._recorder = self._factory.application_recorder()

    def per_second(self, size: int, seconds: float) -> float:
        """Events a second, each durable before its thread inserts the next."""
        start = perf_counter()

        def work(_thread: int) -> int:
            done = 0
            while perf_counter() < start + seconds:
                event = StoredEvent(uuid4(), 1, "bench.ready", b"r" * size)
                self._recorder.insert_events([event])
                done += 1
            return done

        with ThreadPoolExecutor(self._threads) as pool:
            done = sum(pool.map(work, range(self._threads)))
        return done / (perf_counter() - start)

    def close(self) -> None:
        """Give its connections up."""
        self._factory.close()
