"""Published weights: files of torchvision and timm, from the caches that torch and Hugging Face keep."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from ssl import SSLError
from urllib.error import HTTPError, URLError

import torch

from ..data.disk import hash_of, locked, replace, write_whole
from ..data.fetch import MIRROR, Fetcher
from ..data.reach import NoConnection, asking
from ..errors import FetchError, ModelError, NotHere
from ..specs.base import File

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_HASH_IN_NAME = re.compile(r"-([a-f0-9]{8,})\.[a-z.]+$")


def hub_url(file: File) -> str | None:
    """The URL of a file that has no other hash than the beginning of one in its name, as torch hub has it."""
    known_else = file.url is None or file.file or file.hash
    return file.url if not known_else and _hash_in(file.name) else None


def from_torch_hub(url: str, model: str, *, offline: bool) -> Path:
    """The file of `url` in torch's hub cache: copied from a mirror or downloaded where it is not there yet.

    Where its name ends in a hash, the content has it; a file without one is taken from no mirror.
    Raises NotHere offline, FetchError where the download fails, ModelError where the content is another.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / File(url=url).name
    prefix = _hash_in(path.name)
    if not path.exists() and not _mirrored(path, prefix, model):
        if offline:
            raise NotHere(
                f"{model}: its weights are not here; fetch {url} to {path}"
                f"{f' or a folder that {MIRROR} names' if prefix else ''}, or run once without offline"
            )
        _download(url, path, prefix, model)
    if not hash_of(path).startswith(prefix):
        raise ModelError(
            f"{model}: {path} does not have the hash {prefix} of its name; delete it and run again"
        )
    return path


def from_hugging_face(repository: str, names: Sequence[str], model: str, *, offline: bool) -> Path:
    """The first of `names` that is in a repository of the Hugging Face hub: its cache first, then the hub.

    Raises NotHere offline, FetchError where the download fails.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = repository.partition("@")
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, revision=revision or None, local_files_only=True))
        except EntryNotFoundError:
            continue
    if offline:
        raise NotHere(
            f"{model}: its weights are not here; fetch them with `hf download {repository} {names[0]}`,"
            " or run once without offline"
        )
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, revision=revision or None))
        except LocalEntryNotFoundError as why:
            told = f"{model}: {repository} cannot be reached"
            raise NoConnection(f"no connection to the Hugging Face hub: {told} ({why})") from why
        except EntryNotFoundError:
            continue
        except (HfHubHTTPError, OSError) as why:
            raise FetchError(f"{model}: {repository}/{name} cannot be fetched ({why})") from why
    raise FetchError(f"{model}: {repository} on the Hugging Face hub has none of {', '.join(names)}")


def same_as_before(name: str, path: Path, cache: Path) -> None:
    """Note the sha256 of what goes by `name` at its first use; raise ModelError if it is another now."""
    book, digest = cache / "weights.json", hash_of(path)
    try:
        with locked(book.with_suffix(".lock")):
            known = _noted(book)
            if name not in known:
                write_whole(book, json.dumps({**known, name: digest}, indent=1, sort_keys=True))
    except OSError:
        return
    if known.get(name, digest) != digest:
        raise ModelError(
            f"{name}: {path} is not what went by this name before (sha256 {digest[:12]}, before"
            f" {known[name][:12]}); if the change is meant, remove the line from {book}"
        )


def _noted(book: Path) -> dict[str, str]:
    """Digests by name. Raises ModelError where the book is damaged: what it knew cannot be compared."""
    try:
        known = json.loads(book.read_bytes()) if book.exists() else {}
    except ValueError as why:
        raise ModelError(_damaged(book, str(why))) from None
    if not isinstance(known, dict) or not all(_SHA256.match(str(digest)) for digest in known.values()):
        raise ModelError(_damaged(book, "it holds more than names and sha256"))
    return known


def _damaged(book: Path, why: str) -> str:
    return f"{book}: is damaged ({why}); delete it, and digests are noted anew"


def _hash_in(name: str) -> str:
    """The first digits of the sha256, where a file's name ends in them."""
    return found[1] if (found := _HASH_IN_NAME.search(name)) else ""


def _mirrored(path: Path, prefix: str, model: str) -> bool:
    """Copy the file of that name and hash from the first mirror that has it; whether one has."""
    mirrors = Fetcher.from_environment().mirrors if prefix else ()
    part = path.with_name(path.name + ".part")
    for found in (found for mirror in mirrors for found in mirror.rglob(path.name)):
        try:
            if hash_of(found).startswith(prefix):
                with locked(_lock_of(path)):
                    shutil.copyfile(found, part)
                    replace(part, path)
                return True
        except OSError as why:
            raise FetchError(f"{model}: {found} cannot be copied to {path} ({why})") from why
    return False


def _download(url: str, path: Path, prefix: str, model: str) -> None:
    try:
        with locked(_lock_of(path)):
            if not path.exists():
                with asking(url, _never_began):
                    torch.hub.download_url_to_file(url, str(path), prefix or None, progress=False)
    except NoConnection as why:
        skips = "--brainscore-offline skips what is not here"
        raise NoConnection(f"{why}: {model}: {path.name} cannot be fetched; {skips} ({url})") from why
    except (OSError, RuntimeError, HTTPException) as why:
        raise FetchError(f"{model}: {url} cannot be fetched ({why})") from why


def _never_began(why: Exception) -> bool:
    """Whether urllib came to no connection at all."""
    answered = isinstance(why, HTTPError) or isinstance(getattr(why, "reason", None), SSLError)
    return isinstance(why, URLError) and not answered


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")
