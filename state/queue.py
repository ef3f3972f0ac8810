"""The queue as other rooms use it: intake, work, recordings, control and views in one class."""

from __future__ import annotations

from state.control import ControlRows
from state.recordings import RecordingRows
from state.views import ViewRows


class Queue(RecordingRows, ControlRows, ViewRows):
    """Everything known about jobs, in one database. One per thread, like its database.

    Every method commits before it returns and leaves no transaction and no read open.
    """
