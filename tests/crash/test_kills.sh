#!/usr/bin/env bash
# The short form of kill.sh.
exec "$(dirname "$0")/kill.sh" 11
