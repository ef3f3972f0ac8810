"""What is done before Ctrl-Z suspends a command."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def before_suspension(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` whenever Ctrl-Z is about to suspend this process, while the block runs.

    A process that ignores Ctrl-Z, or does something of its own then, is left as it is. Nothing can
    be done before SIGSTOP.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL:
        yield
        return

    def suspend(_: int, __: FrameType | None) -> None:
        act()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # To this thread: it is stopped here, and not only after the line below.
        signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, suspend)

    signal.signal(signal.SIGTSTP, suspend)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
