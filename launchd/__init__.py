"""The only room that knows service managers: launchd on macOS, systemd user units on Linux."""
