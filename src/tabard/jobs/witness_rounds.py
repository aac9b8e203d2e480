"""Who asks the witnesses, and when? One worker of all, with a thread for each witness, so that none waits for another.

Whoever holds an advisory lock asks. A witness that does not answer is asked again for ever, ever more rarely; its
trouble is told where `tabard log witnesses` and `tabard check` find it. Stopping waits for nobody longer than a moment.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connection

from tabard.custody.errors import WitnessAhead, WitnessDisagrees
from tabard.custody.ports import WitnessClient
from tabard.custody.witnesses.asking import Target, next_target, obtain_cosignature
from tabard.custody.witnesses.http import HttpWitness
from tabard.custody.witnesses.quorum import witness_policy
from tabard.custody.witnesses.standing import Trouble, forget_trouble, tell_trouble
from tabard.kernel.clock import now
from tabard.kernel.errors import Integrity, TabardError
from tabard.merkle.policy import Policy, PolicyWitness

LOOK_EVERY_S = 0.5
LONGEST_PAUSE_S = 60.0
STOP_WITHIN_S = 3.0
_LOCK = 0x7A62_7769_746E_6573  # "zbwitnes": one worker of all asks
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asker:
    """A witness's own thread, and the event that ends it."""

    thread: threading.Thread
    retired: threading.Event


class WitnessRounds:
    """Keeps the witnesses of the policy file asked; the file is read anew at every look, so it can be changed."""

    def __init__(self, connect: Callable[[str], WitnessClient] = HttpWitness) -> None:
        self._connect = connect
        self._target: Target | None = None  # written by one thread, read by the others
        self._askers: dict[PolicyWitness, _Asker] = {}
        self._leads = False

    def run(self, stopping: threading.Event) -> None:
        """Asks until `stopping` is set; a lost database is waited for."""
        while not stopping.wait(LOOK_EVERY_S):
            try:
                self._look()
            except (DatabaseError, TabardError) as error:
                logger.warning("The witnesses are not asked just now: %s", error)
                self._rest()
        self._rest()
        give_up = time.monotonic() + STOP_WITHIN_S
        for asker in self._askers.values():
            asker.retired.set()
        for asker in self._askers.values():
            asker.thread.join(max(0.0, give_up - time.monotonic()))

    def _look(self) -> None:
        """Set the target and see to it that each witness has its thread."""
        policy = witness_policy()
        if policy is None or not self._is_leading():
            self._target = None
            return
        self._target = next_target(self._target, policy, at=now())
        self._appoint(policy)

    def _is_leading(self) -> bool:
        """Whether this worker holds the lock; the database frees it when our connection ends."""
        if not self._leads:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
                (self._leads,) = cursor.fetchone()
        return self._leads

    def _rest(self) -> None:
        """Nobody is asked any more, and another worker may."""
        self._target, self._leads = None, False
        connection.close()

    def _appoint(self, policy: Policy) -> None:
        """One living thread for each witness that has an address; none for one that left the policy."""
        wanted = {witness for witness in policy.witnesses if witness.url}
        for witness, asker in list(self._askers.items()):
            if witness not in wanted or not asker.thread.is_alive():
                self._askers.pop(witness).retired.set()
        for witness in wanted - set(self._askers):
            retired = threading.Event()
            # A daemon: one that hangs in a name look-up must not keep the worker from ending.
            thread = threading.Thread(
                target=self._ask, args=(witness, retired), name=f"witness {witness.name}", daemon=True
            )
            self._askers[witness] = _Asker(thread, retired)
            thread.start()

    def _ask(self, witness: PolicyWitness, retired: threading.Event) -> None:
        """Ask one witness about each target until it leaves the policy."""
        failures, answered = 0, -1
        client: WitnessClient | None = None
        pause_s = LOOK_EVERY_S
        while not retired.wait(pause_s):
            target, pause_s = self._target, LOOK_EVERY_S
            if target is None or target.checkpoint.size == answered:
                continue
            try:
                client = client or self._connect(witness.url or "")
                obtain_cosignature(checkpoint=target.checkpoint, witness=witness, client=client, at=now())
            except WitnessAhead:
                answered = target.checkpoint.size
            except (DatabaseError, TabardError) as error:
                failures += 1
                pause_s = min(LOOK_EVERY_S * 2**failures, LONGEST_PAUSE_S)
                _tell(witness, error, is_first=failures == 1)
                connection.close()
            else:
                failures, answered = 0, target.checkpoint.size
                forget_trouble(witness)
        if client is not None:
            client.close()
        connection.close()


def _tell(witness: PolicyWitness, error: Exception, *, is_first: bool) -> None:
    words = error.message if isinstance(error, TabardError) else "The database did not answer."
    alarming = isinstance(error, WitnessDisagrees | Integrity)
    tell_trouble(witness, Trouble(now(), words, alarming))
    if alarming:
        logger.error("Witness %s: %s", witness.name, words)
    elif is_first:  # it is asked again for ever; once is enough to say so
        logger.warning("Witness %s: %s It is asked again.", witness.name, words)
