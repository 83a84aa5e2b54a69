#!/usr/bin/env bash
# Cuts the power: power.sh STATES SEED [WORKLOAD...] looks at so many states of the disk after each
# workload (explorer.c). What a failed state can be looked at with stays, and is named.
set -euo pipefail
. "$(dirname "$0")/suite.sh"
begin_suite "states seed" "$workloads" "$@"
for name in "${chosen[@]}"; do
    record "$name"
    crash-explore --states "$states" --seed "$seed" "$trace" "$root" || {
        failures=$((failures + 1))
        touch "$work/keep"
        echo "look at one: crash-explore --seed $seed --state POINT.ROUND --keep $trace $root"
    }
done
finish
