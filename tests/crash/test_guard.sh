#!/usr/bin/env bash
# The short form of guard.sh.
exec "$(dirname "$0")/guard.sh" 5
