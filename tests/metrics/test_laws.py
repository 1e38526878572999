"""No metric without laws: at least six for each of the registry."""

from __future__ import annotations

import pytest

from tests.metrics.law_table import by_metric, registered


@pytest.fixture(scope="module")
def laws():
    return by_metric()


def test_the_registry_is_read():
    assert {"pls", "ridge", "ridgecv", "linear", "neuron_to_neuron", "pca_ridge"} <= {*registered()}
    assert {"rdm", "rdm_cv", "cka", "cka_cv"} <= {*registered()}


@pytest.mark.parametrize("metric", registered())
def test_every_metric_has_six_laws(laws, metric):
    assert len(laws[metric]) >= 6, f"{metric} is held to {sorted(laws[metric])}: add it to a law file"
