#!/usr/bin/env bash
# Cuts the power: power.sh STATES SEED [WORKLOAD...] looks at so many states of the disk after each
# workload (explorer.c).
set -euo pipefail
. "$(dirname "$0")/workloads.sh"
begin_suite
states=$1 seed=$2
shift 2
[ $# -gt 0 ] || set -- $workloads
for name in "$@"; do
    record "$name"
    crash-explore --states "$states" --seed "$seed" "$trace" "$root" || failures=$((failures + 1))
done
finish
