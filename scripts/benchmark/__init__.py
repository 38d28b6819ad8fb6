"""The parts of scripts/bench. `command` holds the run as a whole."""
