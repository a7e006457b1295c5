"""The command `bantam`: results on stdout, narration on stderr, named exit codes."""
