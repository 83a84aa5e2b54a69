#!/usr/bin/env bash
# The short form of memory.sh.
exec "$(dirname "$0")/memory.sh" 401
