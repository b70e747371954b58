"""Everything that trains in the lab, in threads of its own."""
