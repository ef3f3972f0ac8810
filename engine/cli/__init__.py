"""The command line `llasa-cli`."""
