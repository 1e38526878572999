"""Which layers a nonlinearity separates: what torch records, against networks whose answer is known."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytest_brainscore.analysis.truth.separation import not_separated
from pytest_brainscore.errors import ModelError
from pytest_brainscore.models.network import from_module
from pytest_brainscore.specs.models import Preprocess


def network(module):
    return from_module(module, id="net", preprocess=Preprocess(size=16))


class Net(nn.Module):
    """Layers by name, and a forward pass that is given."""

    def __init__(self, run, **layers):
        super().__init__()
        self.run = run
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x):
        return self.run(self, x)


def conv(i=3, o=4):
    return nn.Conv2d(i, o, 3, padding=1)


CHAIN = nn.Sequential(
    *(conv(), nn.BatchNorm2d(4), nn.ReLU(inplace=True), conv(4), nn.AvgPool2d(2), nn.MaxPool2d(2)),
    *(nn.Dropout(), nn.Flatten(), nn.Linear(64, 8), nn.LayerNorm(8), nn.Linear(8, 5), nn.Softmax(dim=1)),
)


@pytest.mark.parametrize(
    ("layer", "tied"),
    [
        ("0", "1"),
        ("1", "0"),
        ("2", "3 4"),
        ("4", "2 3"),
        ("5", "7 8"),
        ("8", "5 7"),
        ("9", "10"),
        ("11", ""),
    ],
)
def test_in_a_chain_affine_neighbours_are_not_separated(layer, tied):
    assert not_separated(network(CHAIN), layer) == tuple(tied.split())


def residual(net, x):
    x = net.act(net.a(x))
    return net.last(net.after(x + net.c(torch.relu(net.b(x)))))


def test_a_sum_holds_what_it_is_a_sum_of():
    net = network(Net(residual, a=conv(), act=nn.ReLU(), b=conv(4), c=conv(4), after=conv(4), last=nn.ReLU()))
    assert not_separated(net, "act") == ("b", "after")
    assert not_separated(net, "c") == ("after",)
    assert not_separated(net, "after") == ()
    assert not_separated(net, "a") == ()


def test_operations_that_are_no_modules_count():
    def run(net, x):
        x = net.a(x)
        return net.c(F.avg_pool2d(F.gelu(net.b(2 * x - 1)), 2))

    net = network(Net(run, a=conv(), b=conv(4), c=conv(4)))
    assert not_separated(net, "a") == ("b",)
    assert not_separated(net, "c") == ()


def test_a_product_of_two_answers_is_no_linear_operation():
    def run(net, x):
        return net.last(net.a(x) * net.b(x)) + net.a(x) / 3

    net = network(Net(run, a=conv(), b=conv(), last=conv(4)))
    assert not_separated(net, "a") == ("b",)
    assert not_separated(net, "last") == ()


def test_normalising_each_image_is_nonlinear_and_a_batch_norm_in_eval_mode_is_not():
    net = network(nn.Sequential(conv(), nn.BatchNorm2d(4), nn.InstanceNorm2d(4), conv(4), nn.GroupNorm(2, 4)))
    assert not_separated(net, "0") == ("1",)
    assert not_separated(net, "2") == ("3",)


def test_layers_that_are_not_separated_are_predicted_without_error():
    module = copy.deepcopy(CHAIN).eval()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for part in module:
            getattr(part, "reset_parameters", lambda: None)()
    images = torch.rand(200, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    answers = {}
    for name, part in module.named_children():
        images = answers[name] = part(images)
        answers[name] = answers[name].detach().clone().flatten(1).double()
    constant = torch.ones(200, 1, dtype=torch.float64)

    def unexplained(of, by):
        by = torch.cat([answers[by], constant], dim=1)
        rest = answers[of] - by @ torch.linalg.lstsq(by, answers[of], driver="gelsd").solution
        return float(rest.square().sum() / (answers[of] - answers[of].mean(dim=0)).square().sum())

    assert unexplained(of="8", by="7") < 1e-10
    assert unexplained(of="10", by="9") < 1e-10
    assert unexplained(of="9", by="8") > 1e-3


def test_the_network_is_left_as_it_was():
    module = nn.Sequential(conv(), nn.ReLU(), conv(4))
    module[2].weight.requires_grad_(False)
    not_separated(network(module), "1")
    assert [p.requires_grad for p in module.parameters()] == [True, True, False, True]
    assert all(p.grad is None for p in module.parameters())
    assert not any(part._forward_hooks for part in module)


def test_weights_that_can_be_trained_change_nothing():
    frozen = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.ReLU()).requires_grad_(False)
    assert not_separated(network(frozen), "0") == ("1",)


def test_a_layer_that_is_not_there_or_no_leaf_is_an_error():
    net = network(nn.Sequential(nn.Sequential(conv(), nn.ReLU())))
    with pytest.raises(ModelError, match=r"net has no layer 0\.3"):
        not_separated(net, "0.3")
    with pytest.raises(ModelError, match=r"0 is no leaf module .* there are 0\.0, 0\.1"):
        not_separated(net, "0")
