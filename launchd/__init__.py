"""The only room that calls service managers: launchd on macOS, systemd user units on Linux."""
