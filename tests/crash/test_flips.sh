#!/usr/bin/env bash
# The short form of flips.sh.
exec "$(dirname "$0")/flips.sh" 60 "${WUFEI_TEST_SEED:-1}"
