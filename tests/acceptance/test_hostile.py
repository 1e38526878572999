"""Rude and broken networks in one run with polite ones: a row for each, and the others keep their scores."""

from __future__ import annotations

import json

import pytest

RUDE = """
import os, random, signal, sys, threading, time, warnings

import numpy as np
import torch
from torch import nn

import nets


class Acts(nn.Sequential):
    def __init__(self, *parts, act):
        super().__init__(*parts)
        self.act = act

    def forward(self, x):
        self.act(self)
        return super().forward(x)


def meddles(*_):
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(3)
    torch.set_float32_matmul_precision("medium")
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    os.chdir("/")
    os.environ.update(BRAINSCORE_CACHE="/nowhere", HOME="/nowhere")
    warnings.simplefilter("error")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = None
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    os.fork() and os.wait()


def settings():
    made = Acts(*nets.small(), act=meddles)
    meddles()
    return made


def leaves():
    sys.exit(0)


def leaves_later():
    return Acts(*nets.small(), act=lambda net: sys.exit("enough"))


def learns():
    return Acts(*nets.small(), act=lambda net: net[0].weight.data.mul_(0.9))


def nan():
    net = nets.small()
    net[2].bias.data[3] = float("nan")
    return net


def odd_text():
    raise OSError("caf\\udce9 \\x00 \\x1b[2J")


def deep():
    return deep()
"""
NAMES = ("settings", "leaves", "leaves_later", "learns", "nan", "odd_text", "deep")


@pytest.fixture(scope="module")
def entries():
    line = "{{source: 'rude:{0}', layers: {{IT: '3'}}, preprocess: {{size: 32}}}}"
    return "".join(f"{name}: {line.format(name)}\n" for name in NAMES)


def rows(project, reports):
    (path,) = (project.root / reports).glob("*/results.jsonl")
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["model"]: row for row in found}


def test_a_rude_network_costs_its_own_items_and_nobody_elses(project, entries):
    project.write("rude.py", RUDE)
    models = project.root / "models.yaml"
    models.write_text(entries + models.read_text())
    alone = project.run("--models", "small,wide_vit", "--brainscore-reports", "alone")
    assert alone.parseoutcomes() == {"passed": 2}
    polite = rows(project, "alone")

    asked = f"small,{','.join(NAMES)},wide_vit"
    result = project.run("--models", asked, "--brainscore-reports", "company")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 3, "errors": len(NAMES) - 1}
    company = rows(project, "company")
    assert list(company) == ["small", *NAMES, "wide_vit"]
    for name in ("small", "wide_vit"):
        assert (company[name]["raw"], company[name]["splits"]) == (
            polite[name]["raw"],
            polite[name]["splits"],
        )
    assert company["settings"]["raw"] == polite["small"]["raw"]  # the same network with bad manners
    said = {name: company[name]["message"] for name in NAMES if name != "settings"}
    for name, words in {
        "leaves": "leaves: rude:leaves cannot be built: SystemExit: 0",
        "leaves_later": "leaves_later: the forward pass of images (3, 32, 32) fails: SystemExit: enough",
        "learns": "learns: showing it stimuli changes 0.weight: what it answers depends on",
        "nan": "nan: layer 3 answers to stimulus image1 with NaN or infinity",
        "odd_text": "odd_text: rude:odd_text cannot be built: OSError: caf\\udce9 \\x00 \\x1b[2J",
        "deep": "deep: rude:deep cannot be built: RecursionError: maximum recursion depth exceeded",
    }.items():
        assert said[name].startswith(words), said[name]
    assert "Traceback" not in result.stdout.str()
