"""Fashion-MNIST: what it is called, how it is known again, where it may lie, how it is fetched.

70,000 grey 28×28 images of clothing in ten classes, by Zalando Research (MIT licence), in four IDX
files.  MNIST and its other children use the very same file names, so a folder counts as
Fashion-MNIST only if its labels are Fashion-MNIST's, byte for byte.  A folder may hold the files
as they are or compressed (`.gz`).  What is downloaded is checked and lies decompressed in the
cache, since it is read at every start.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from verypoorcnn.errors import UserError
from verypoorcnn.files import places
from verypoorcnn.files.checksum import sha256

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"

SHA256 = {  # of the decompressed files, smallest first: what fails, fails early
    TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
}
LARGEST = 47_040_016  # bytes of the largest of them; no server is believed beyond that

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{name}.gz"
TIMEOUT = 10.0  # seconds without an answer
CHUNK = 1 << 18  # bytes between two calls of the progress

Progress = Callable[[str, int, int | None], None]  # file name, bytes so far, bytes announced


def idx_files(folder: Path) -> dict[str, Path]:
    """Those of the four files that are in a folder, as they are or `.gz`, under their names."""
    found = {name: _file(folder, name) for name in SHA256}
    return {name: path for name, path in found.items() if path}


def _file(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / f"{name}.gz"):
        if os.path.isfile(path):  # noqa: PTH113  (Path's raises where it may not look)
            return path
    return None


def recognise(labels: Path) -> bool:
    """Whether this is one of Fashion-MNIST's two label files (plain or gzipped)."""
    from verypoorcnn.data.reading import opened

    try:
        with opened(labels) as file:
            checksum = _checksum(file.read(100_000))  # 60,008 bytes are the longer one
    except UserError:  # its reader will say what is wrong with the file
        return False
    return checksum in (SHA256[TRAIN_LABELS], SHA256[TEST_LABELS])


def _checksum(data: bytes) -> str:
    return sha256(data).hexdigest()


def locate(root: Path) -> Path | None:
    """The folder in which Fashion-MNIST lies: `root`, or where it is usual inside of it.

    torchvision, told `root="data"`, keeps its files in `data/FashionMNIST/raw`.
    """
    for folder in (root, root / "fashion-mnist", root / "FashionMNIST" / "raw"):
        files = idx_files(folder)
        if len(files) == len(SHA256) and recognise(files[TEST_LABELS]):
            return folder
    return None


def find() -> Path | None:
    """The first folder of this machine that holds Fashion-MNIST.

    `$VERYPOORCNN_DATA` decides if it is set.  Else `./data` (there also `fashion-mnist` and
    torchvision's `FashionMNIST/raw`), the same beneath `.`, Keras's folder, our own cache.

    Raises:
        UserError: `$VERYPOORCNN_DATA` names a folder without the files.
    """
    if named := os.environ.get("VERYPOORCNN_DATA"):
        return _in_named_folder(named)
    roots = (Path("data"), Path(), _keras_folder(), cache_folder())
    return next((folder for root in roots if (folder := locate(root))), None)


def _in_named_folder(named: str) -> Path:
    root = Path(os.path.expanduser(named))  # noqa: PTH111  (Path's raises for an unknown ~name)
    if folder := locate(root):
        return folder
    if len(idx_files(root)) == len(SHA256):
        fault = "holds another data set under the same file names"
    elif root.is_dir():
        fault = f"does not hold {', '.join(SHA256)} (each as it is or .gz)"
    else:
        fault = "is not a folder"
    raise UserError(
        f"VERYPOORCNN_DATA: {named!r} {fault}; name the folder of Fashion-MNIST or unset it"
    )


def _keras_folder() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "fashion-mnist"


def cache_folder() -> Path:
    """Where downloads are kept."""
    return places.cache_folder() / "fashion-mnist"


def download(folder: Path, progress: Progress) -> Path:
    """Fetch what `folder` lacks of the four files and return `folder`.

    A file is written only when it is whole and its checksum right, then in one step; a file that
    is there already and right is not fetched again.

    Raises:
        UserError: no answer, a refusal, a broken or wrong file, a folder that cannot be written.
    """
    for name in SHA256:
        if not _is_right(folder / name):
            _keep(folder / name, _fetch(name, progress))
    return folder


def in_words(say: Callable[[str], None]) -> Progress:
    """A progress that says a line whenever another quarter of a file has come."""
    quarters: dict[str, int] = {}

    def progress(name: str, done: int, announced: int | None) -> None:
        quarter = 4 * done // (announced or LARGEST)
        if quarter > quarters.get(name, 0):
            quarters[name] = quarter
            whole = f" of {announced:,}" if announced else ""
            say(f"downloading {name}.gz: {done:,}{whole} bytes")

    return progress


def _is_right(path: Path) -> bool:
    try:
        return _checksum(path.read_bytes()) == SHA256[path.name]
    except OSError:
        return False


def _keep(path: Path, data: bytes) -> None:
    from verypoorcnn.files.atomic import write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{path.parent}: cannot be made ({error.strerror}); "
            f"point XDG_CACHE_HOME to a folder where you may write"
        ) from error
    write_atomically(path, data)


def _fetch(name: str, progress: Progress) -> bytes:
    """One file from the network, decompressed and checked."""
    url = URL.format(name=name)
    data = _unpack(url, _get(url, name, progress))
    if _checksum(data) != SHA256[name]:
        raise UserError(
            f"{url}: what came is not Fashion-MNIST's file (SHA-256 {_checksum(data)[:12]}… "
            f"instead of {SHA256[name][:12]}…); try again or get the files elsewhere"
        )
    return data


def _get(url: str, name: str, progress: Progress) -> bytes:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import urlopen

    body = bytearray()
    try:
        with urlopen(url, timeout=TIMEOUT) as response:
            announced = response.length
            while len(body) <= LARGEST and (chunk := response.read(CHUNK)):
                body += chunk
                progress(name, len(body), announced)
    except (OSError, HTTPException) as error:
        if isinstance(error, HTTPError):
            error.close()  # it is also the answer, with its connection
        reason = " ".join(str(error).removeprefix("<urlopen error ").removesuffix(">").split())
        raise UserError(f"{url}: cannot be downloaded ({reason}); try again later") from error
    if announced and len(body) != announced:
        raise UserError(
            f"{url}: the download ended after {len(body)} of {announced} bytes; try again"
        )
    return bytes(body)


def _unpack(url: str, packed: bytes) -> bytes:
    import gzip
    import io
    import zlib

    try:
        return gzip.GzipFile(fileobj=io.BytesIO(packed)).read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{url}: what came is not a whole gzip file ({error}); try again, or look whether "
            f"the network asks for a login"
        ) from error
