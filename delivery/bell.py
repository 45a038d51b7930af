"""The doorbell: puts "drain this queue" on RQ after a commit. A bell that fails to ring loses nothing,
because the scheduler rings again for all work that waits (docs/adr/0003)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

#: By name, so that the web never imports a worker; the argument is a queue's name.
JOB: Final = "workers.drain.drain"
log = structlog.get_logger()


class Bell:
    """Rings queues. Without a broker it only says so in the log."""

    def __init__(self, url: str) -> None:
        # Short time-outs: a client waits behind this, and the answers are stored already.
        self._redis = (
            Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.25, retry=Retry(NoBackoff(), 1))
            if url
            else None
        )

    def ring(self, queues: Iterable[str]) -> bool:
        """Ring each queue unless a ring is waiting there already; False where the broker did not answer."""
        if self._redis is None:
            return False
        try:
            for name in queues:
                queue = Queue(name, connection=self._redis, serializer="json")
                if queue.count == 0:  # a waiting ring starts after this commit and will see its row
                    queue.enqueue(
                        JOB, name, description=f"drain {name}", result_ttl=0, failure_ttl=600, job_timeout=120
                    )
        except (RedisError, OSError) as error:
            log.warning("bell.silent", error=type(error).__name__)
            return False
        return True

    def answers(self) -> bool:
        """True where the broker answers."""
        if self._redis is None:
            return False
        try:
            return bool(self._redis.ping())
        except (RedisError, OSError):
            return False
