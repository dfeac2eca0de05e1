#!/bin/sh
# Start as the official image does: copy the reference files into the home directory, then run the controller.
set -eu
if [ "$#" -eq 0 ] || [ "${1#--}" != "$1" ]; then
    python3 -m jenkins.home.reference "${REF:-/usr/share/jenkins/ref}" "$JENKINS_HOME"
    exec python3 -m jenkins ${JENKINS_OPTS:-} "$@"
fi
exec "$@"
