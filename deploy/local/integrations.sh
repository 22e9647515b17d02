#!/bin/sh
# Make .venvs/integrations with the frameworks that the client has adapters to. Called by `make test-integrations`.
# Not locked: the adapters are for the frameworks as users have them, and those move on.
set -eu
cd "$(dirname "$0")/../.."
venv=.venvs/integrations
[ -f "$venv/.installed" ] && [ "$venv/.installed" -nt client/pyproject.toml ] && [ "$venv/.installed" -nt "$0" ] && exit 0
echo "==> installing the frameworks into $venv (some gigabytes)"
.venv/bin/python -m venv "$venv"
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input --quiet"
# The first one by itself and exactly: the build for CPUs stands under this number.
$pip install torch==2.13.0
$pip install "lightning>=2.4" "transformers>=4.50" accelerate "keras>=3" "scikit-learn>=1.5" xgboost lightgbm \
    "optuna>=4" jax tensorflow-cpu "tensorboard==2.21.*" ml_dtypes ipykernel nbconvert matplotlib pandas polars pyarrow
$pip install -e ./client
# The published client has pins of its own; its Keras callback imports TensorFlow.
.venv/bin/python -m venv .venvs/published-keras
.venvs/published-keras/bin/python -m pip --disable-pip-version-check --no-input --quiet install \
    "mlsteam-client==0.5.0" "setuptools<81" tensorflow-cpu
touch "$venv/.installed"
