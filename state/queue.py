"""The queue as other rooms use it: intake, work, control and views in one class."""

from __future__ import annotations

from state.control import ControlRows
from state.intake import IntakeRows
from state.views import ViewRows
from state.work import WorkRows


class Queue(IntakeRows, WorkRows, ControlRows, ViewRows):
    """Everything known about jobs, in one database. One per thread, like its database.

    Every method commits before it returns and leaves no transaction and no read open.
    """
