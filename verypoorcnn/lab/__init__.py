"""The laboratory: a live page in the browser, served by this machine to itself."""
