"""The parts of `watch`: whom it serves next, what it remembers, and whom it sees touched."""
