"""How fast it is, and how fast others are at the same work: what `verypoorcnn bench` measures."""
