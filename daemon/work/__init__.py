"""From a job row to its sidecars."""
