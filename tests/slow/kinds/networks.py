"""Networks that are rude to the process, answer with what are no numbers, or end in the middle."""

from __future__ import annotations

import random
from pathlib import Path

from ..children import Ended
from ..company import check_afterwards, check_alike, check_company, check_refused, with_odd_model
from ..faults import KEPT, RECOVERED, REFUSED, Outcome, kind, require
from ..project import Project, check_rows

RUDE_MODULE = """
import gc, io, os, random, signal, sys, threading, time, warnings

import numpy as np
import torch
from PIL import Image, ImageFile
from torch import nn

import nets


def act():
    {act}


class Rude(nn.Sequential):
    def forward(self, x):
        if {at} == "forward" or ({at} == "second" and len(x) < 16):
            act()
        return super().forward(x)


def transform(image):
    if {at} == "transform":
        act()
    x = torch.from_numpy(np.array(image.resize((16, 16), Image.Resampling.BILINEAR), dtype=np.uint8))
    x = x.permute(2, 0, 1).contiguous().to(torch.float32).div_(255)
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return x.sub_(mean).div_(std)


def odd():
    made = Rude(*nets.small())
    if {at} == "factory":
        act()
    return (made, transform) if {at} == "transform" else made


if {at} == "import":
    act()
"""

SETTINGS = (
    "torch.set_default_dtype(torch.float64)",
    "torch.set_default_device('meta')",
    "torch.set_grad_enabled(False)",
    "torch.set_num_threads(3)",
    "torch.set_deterministic_debug_mode('error')",
    "torch.autograd.set_detect_anomaly(True)",
    "torch.autocast('cpu', torch.bfloat16).__enter__()",
    "torch.set_float32_matmul_precision('medium')",
    "setattr(torch.backends.mkldnn.conv, 'fp32_precision', 'bf16')",
    "setattr(torch.backends.mkldnn.matmul, 'fp32_precision', 'bf16')",
    "setattr(torch.backends.cudnn, 'benchmark', True)",
    "torch.manual_seed(7); np.random.seed(7); random.seed(7)",
    "torch.rand(5); np.random.rand(); random.random()",
    "np.seterr(all='raise')",
    "setattr(ImageFile, 'LOAD_TRUNCATED_IMAGES', True)",
    "setattr(Image, 'MAX_IMAGE_PIXELS', 1)",
    "os.chdir('/')",
    "os.environ.clear()",
    "os.environ.update(BRAINSCORE_CACHE='/nowhere', HOME='/nowhere', OMP_NUM_THREADS='9')",
    "warnings.simplefilter('error')",
    "warnings.warn('odd')",
    "signal.signal(signal.SIGINT, lambda *_: os._exit(9)); signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "setattr(sys, 'stdout', None)",
    "setattr(sys, 'stdout', io.StringIO()); setattr(sys, 'stderr', sys.stdout)",
    "print('odd' * 1000); os.write(1, b'odd'); os.write(2, bytes(range(256)))",
    "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()",
    "sys.setrecursionlimit(200)",
    "gc.disable()",
    "os.fork() and os.wait()",
)
PLACES = ("import", "factory", "forward", "second", "transform")


def _run(project: Project) -> Ended:
    return project.score("--models=small,odd,wide")


@kind("network-rude", "a network that changes global state, prints, forks, starts threads, reseeds", share=2)
def rude(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    acts, at = rng.sample(SETTINGS, rng.choice((1, 1, 2, 5))), rng.choice(PLACES)
    if at == "transform":  # several threads call it: none of them can wait for its children
        acts = [act for act in acts if "fork" not in act] or ["pass"]
    code = RUDE_MODULE.replace("{act}", "\n    ".join(acts)).replace("{at}", repr(at))
    with_odd_model(project, "source: 'odd_nets:odd'", code, preprocess=at != "transform")
    rows = check_company(project, _run(project))
    exact = {"forward": ("autocast", "precision"), "transform": ("default_dtype",)}
    exact["second"] = exact["forward"]
    coarse = any(word in act for word in exact.get(at, ()) for act in acts)
    if any(row.status == "scored" for row in rows):
        coarse or check_alike(rows, model="small")  # how exact it computes itself is its own affair
    else:
        check_refused(rows, "^odd: ")
    check_afterwards(rng, project)
    return RECOVERED if rows[0].status == "scored" else REFUSED


ANSWERS_MODULE = """
import torch
from torch import nn


class Answers(nn.Module):
    def forward(self, x):
        return {answer}


def odd():
    return nn.Sequential(nn.Conv2d(3, 6, 5, stride=2), nn.ReLU(), nn.Conv2d(6, 6, 3), Answers())
"""

BAD = ("float('nan')", "float('inf')", "-float('inf')")
FINITE = r"odd: layer 3 answers to stimulus stimuli/\w+ |odd: layer 3 answers to stimulus \w+ "


def _answer(rng: random.Random) -> tuple[str, str]:
    """An expression in x, and what is said of it."""
    bad, unit, channel = rng.choice(BAD), rng.randrange(4), rng.randrange(6)
    one = f"torch.where(torch.arange(len(x))[:, None, None, None] == {rng.randrange(16)}, {bad}, x)"
    return rng.choice(
        (
            (f"x * {bad}", f"{FINITE}with NaN or infinity"),
            (f"x.index_fill(1, torch.tensor([{channel}]), {bad})", f"{FINITE}with NaN or infinity"),
            (f"x.flatten(1).index_fill(1, torch.tensor([{unit}]), {bad})", f"{FINITE}with NaN or infinity"),
            (one, f"{FINITE}with NaN or infinity"),
            ("x.double() * 1e300", f"{FINITE}with NaN or infinity"),
            ("x * 0", "constant"),
            (f"torch.full_like(x, {rng.uniform(-9, 9)})", "constant"),
            ("x[:, :0]", r"odd: layer 3 answers with no numbers: shape \(16, 0, "),
            ("x[:0]", r"odd: layer 3 answers with shape \(0, .* is not the stimuli"),
            ("x.sum()", r"odd: layer 3 answers with shape \(\) .* is not the stimuli"),
            ("None", "odd: layer 3 answers with no tensor"),
            ("torch.fft.fft2(x)", "odd: layer 3 answers with complex numbers"),
            ("x.view(7)", "odd: the forward pass of images .* fails: RuntimeError"),
            ("x if x.add_(self.training) is None else self.gone", "has no attribute 'gone'"),
            ("x + self.train().training", "odd: 3 went into training mode"),
        )
    )


@kind("network-answers", "a layer that answers with NaN, infinity, a constant, nothing, complex numbers")
def answers(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    answer, cause = _answer(rng)
    with_odd_model(project, "source: 'odd_nets:odd'", ANSWERS_MODULE.replace("{answer}", answer))
    path = project.root / "models.yaml"
    path.write_text(
        path.read_text().replace(
            "odd_nets:odd', layers: {V4: '1', IT: '3'}", "odd_nets:odd', layers: {IT: '3'}"
        )
    )
    check_refused(check_company(project, _run(project)), cause)
    check_afterwards(rng, project)
    return REFUSED


RAISES = (
    "sys.exit(0)",
    "sys.exit('usage: odd')",
    "raise RecursionError",
    "raise MemoryError",
    "raise RuntimeError('no \\udce9 \\n\\x00 text')",
    "raise StopIteration",
    "raise TimeoutError",
    "raise OSError(28, 'No space left on device')",
    "raise type('Odd', (Exception,), {'__str__': lambda self: ''})",
    "act()",
    "1 / 0",
)


@kind("network-raises", "a network that raises: SystemExit, RecursionError, MemoryError, an odd text")
def raises(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    act, at = rng.choice(RAISES), rng.choice(PLACES)
    code = RUDE_MODULE.replace("{act}", act).replace("{at}", repr(at))
    with_odd_model(project, "source: 'odd_nets:odd', batch_size: 10", code, preprocess=at != "transform")
    check_refused(check_company(project, _run(project)), "odd")
    check_afterwards(rng, project)
    return REFUSED


@kind("network-ends", "a network that ends the process, or raises KeyboardInterrupt", share=0.5)
def ends(rng: random.Random, folder: Path) -> Outcome:
    project = rng.choice((Project.cold, Project.warm))(folder)
    act = rng.choice(("os._exit(0)", "os.abort()", "raise KeyboardInterrupt", "os.kill(0 or os.getpid(), 9)"))
    code = RUDE_MODULE.replace("{act}", act).replace("{at}", repr(rng.choice(PLACES[:4])))
    with_odd_model(project, "source: 'odd_nets:odd', batch_size: 10", code)
    ended = _run(project)
    require(check_rows(project, ended) >= 3, f"finished rows are lost: {ended.text[-400:]}")
    require(not any(row.model == "odd" and row.status == "scored" for row in project.rows().values()), "odd")
    check_afterwards(rng, project)
    return KEPT
