"""`python3 -m verypoorcnn`."""

import sys

from verypoorcnn.cli import main

sys.exit(main())
