"""From a job row to its sidecars: the worker's thread."""
