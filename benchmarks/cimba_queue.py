"""The queue of `benchmarks.queues` for cimba, whose compiler reads the annotations of a module."""

# mypy: disable-error-code="misc, untyped-decorator"

import cimba as cb
from cimba import inputs

SERVERS, ARRIVALS, SERVICE = 4, 32.0, 0.1


class Queue(cb.Model):
    """An M/M/c queue: servers take arrival times from a store."""

    gap: cb.Input[float] = inputs.dist.exponential(mean=1.0 / ARRIVALS)
    length: cb.Input[float] = inputs.dist.exponential(mean=SERVICE)
    line: cb.Store[float]
    waited: cb.Output[float]
    served: cb.Output[float]

    @cb.on_start
    def begin(self) -> None:
        """Sums of a trial."""
        self.waited = 0.0
        self.served = 0.0

    @cb.process
    def arrivals(self) -> None:
        """Vehicles line up."""
        while True:
            cb.hold(self.gap.next())
            self.line.put(cb.now())

    @cb.process(copies=SERVERS)
    def server(self) -> None:
        """Vehicles are inspected."""
        while True:
            arrived = self.line.get()
            self.waited += cb.now() - arrived
            self.served += 1.0
            cb.hold(self.length.next())
