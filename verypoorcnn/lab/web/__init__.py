"""How the page and the lab talk: connections, what is sent, what is taken."""
