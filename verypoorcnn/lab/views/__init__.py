"""What the page asks of the model that the lab holds, a module for each kind of question."""
