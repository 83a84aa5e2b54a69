#!/usr/bin/env bash
# limits.sh has no longer form.
exec "$(dirname "$0")/limits.sh"
