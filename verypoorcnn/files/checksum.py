"""SHA-256 without the wait: `hashlib` loads all of OpenSSL, which takes longer than our hashing.

Python has its own beneath, for systems without OpenSSL; `random` takes its cousin the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha256 import sha256  # Python 3.11
    except ImportError:
        try:
            from _sha2 import sha256  # Python 3.12 and later
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
