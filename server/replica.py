"""A server as a replica: what `server.serving` needs to follow another one instead of having data of its own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kg.replication.folder import ReplicaFolder
from kg.replication.follower import Follower
from kg.replication.replica import ReplicaStore
from kg.replication.upstream import Upstream, token_reader
from kg.store.store import Store
from kg.workers.pool import WorkerPool
from server.front.front import Layers
from server.front.metrics import Metrics
from server.front.replicas import ReplicaFront

_STOP_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Following:
    """What to follow: the address of the server, and the file with the token for it, if it needs one."""

    address: str
    token_file: Path | None = None


class Replica:
    """The parts of a replica, beside those of any server."""

    def __init__(self, following: Following, folder: Path | None) -> None:
        """`folder` is the replica's own. Raises KelisimError if it, the token or the address cannot be used."""
        self._upstream = Upstream(following.address, token_reader(following.token_file))
        self._folder = ReplicaFolder(folder)
        self._store: ReplicaStore
        self._follower: Follower
        self._front: ReplicaFront

    def writer(self) -> str:
        """Where the public may send changes; empty if the writer's operator does not say."""
        return self._store.origin

    def store(self, pool: WorkerPool) -> ReplicaStore:
        """The store, of a pool that holds nothing."""
        self._store = ReplicaStore(pool)
        self._follower = Follower(self._store, self._upstream, self._folder)
        return self._store

    def before(self, layers: Layers, metrics: Metrics) -> Layers:
        """The layers in front of the replica; its own metrics are added to the others."""
        metrics.registry.register(_Lag(self._store))
        return replace(layers, replica=ReplicaFront(self._store))

    def start(self, _: Store) -> None:
        """Begins to follow; the store, which is that of `store`, has been started."""
        self._follower.start()

    async def stop(self) -> None:
        """Ends following; the store must not have been shut down yet."""
        await asyncio.get_running_loop().run_in_executor(None, self._follower.stop, _STOP_SECONDS)

    def close(self) -> None:
        """Removes what is only temporary on disk."""
        self._folder.close()


class _Lag(Collector):
    """How far a replica is behind, for ``/metrics``."""

    def __init__(self, store: ReplicaStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """The metrics now; those that are not known are left out."""
        progress, latest, seconds = self._store.progress, self._store.known_latest, self._store.progress.seconds
        if latest is not None and self._store.obstacle is None:
            behind = max(0, latest - self._store.number)
            yield GaugeMetricFamily("kelisim_replica_lag_versions", "Versions that are not here yet.", value=behind)
        if seconds is not None:
            words = "Time since the replica was last known to have the writer's latest version."
            yield GaugeMetricFamily("kelisim_replica_lag_seconds", words, value=seconds)
        words = "Whether the writer answered the last request."
        yield GaugeMetricFamily("kelisim_replica_connected", words, value=float(progress.connected))
        words = "How often all data were fetched from the writer."
        yield CounterMetricFamily("kelisim_replica_synchronisations", words, value=progress.synchronisations)
        words = "How often data came damaged and were fetched again."
        yield CounterMetricFamily("kelisim_replica_refetched", words, value=progress.refetched)
