#!/usr/bin/env bash
# The short form of the simulation: two fixed seeds, and one that is new each time and printed.
set -euo pipefail
seed=${WUFEI_TEST_SEED:-$(date +%s)}
echo "seed of this run: $seed (again with WUFEI_TEST_SEED=$seed)"
"$WUFEI_BUILD/simulation/simulate" --steps 100 1 2 "$seed"
