"""The simulated accelerator gives the CPU's numbers, and refuses what CUDA refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from .accelerator import MixedDevices, accelerator

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="a real device is not simulated")
HERE = torch.arange(1.0, 7.0).reshape(3, 2)
NUMBER, ROWS, MASK = torch.tensor(2.0), torch.tensor([2, 0]), HERE > 3


@pytest.fixture
def there():
    with accelerator() as device:
        yield HERE.to(device)


def put(x, at, value):
    x = x.clone()
    x[at] = value
    return x


ALLOWED = {
    "a number": lambda x: NUMBER * x,
    "a number where a mask says": lambda x: x.masked_fill(x > 3, NUMBER),
    "indices": lambda x: x[ROWS],
    "a list of indices": lambda x: x[:, [1, 0]],
    "a number put": lambda x: put(x, x > 3, NUMBER),
    "rows put": lambda x: put(x, 0, HERE[1]),
    "made of numbers": lambda x: torch.tensor([2.0, 3.0], device=x.device) * x.new_tensor([1.0, 4.0]),
    "written into": lambda x: torch.add(x, 1, out=torch.empty_like(x)).mul_(2),
    "copied back": lambda x: x.cpu() + HERE,
    "a solver": lambda x: torch.linalg.svd(x)[1],
}
REFUSED = {
    "a sum": lambda x: x + HERE,
    "a choice": lambda x: torch.where(x > 3, HERE, x),
    "a product": lambda x: x.T @ HERE,
    "numbers in a stack": lambda x: torch.stack([x[0, 0], NUMBER]),
    "a matrix and a number": lambda x: HERE + x[0, 0],
    "into what lies here": lambda x: HERE.clone().add_(x),
    "into a number": lambda x: NUMBER.clone().add_(x[0, 0]),
    "indices from there": lambda x: HERE[ROWS.to(x.device)],
    "values from here": lambda x: put(x, x > 3, HERE[MASK]),
    "rows selected": lambda x: x.index_select(0, ROWS),
    "numpy": lambda x: np.asarray(x),
}


@pytest.mark.parametrize("operation", ALLOWED.values(), ids=ALLOWED)
def test_numbers_are_those_of_the_cpu(there, operation):
    found = operation(there)
    assert found.cpu().tolist() == operation(HERE).tolist()


def test_results_stay_there(there):
    assert {operation(there).is_cuda for name, operation in ALLOWED.items() if name != "copied back"} == {
        True
    }


@pytest.mark.parametrize("operation", REFUSED.values(), ids=REFUSED)
def test_what_cuda_refuses(there, operation):
    with pytest.raises(MixedDevices):
        operation(there)


def test_a_view_writes_into_its_base(there):
    there[1].zero_()
    assert there.tolist() == [[1, 2], [0, 0], [5, 6]]


def test_the_device_is_gone_afterwards():
    with accelerator():
        pass
    assert torch.tensor([1.0]).device.type == "cpu"
    with pytest.raises((RuntimeError, AssertionError)):
        torch.zeros(1, device="cuda")
