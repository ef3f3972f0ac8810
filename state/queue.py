"""The queue as the rest of the house sees it: intake, work, control and views in one."""

from __future__ import annotations

from state.control import Control
from state.intake import Intake
from state.views import Views
from state.work import Work


class Queue(Intake, Work, Control, Views):
    """All that is known of jobs, in one database. One per thread, as its database.

    Every method commits before it returns and leaves no transaction and no read open.
    """
