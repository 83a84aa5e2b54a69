#!/usr/bin/env bash
# The short form of faults.sh.
exec "$(dirname "$0")/faults.sh" 23
