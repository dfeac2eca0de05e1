#!/bin/sh
# Start as the official image does: take the reference files into the home directory, then run the war.
# A plugin of the image replaces the one that a kept home directory has: what was built in is what runs.
set -eu
ref="${REF:-/usr/share/jenkins/ref}"
if [ "$#" -eq 0 ] || [ "${1#--}" != "$1" ]; then
    cd "$ref"
    find . -type f ! -name '*.lock' | while IFS= read -r file; do
        name="${file#./}"
        target="$JENKINS_HOME/${name%.override}"
        case "$name" in
            *.override | plugins/*.jpi) ;;
            *) [ ! -e "$target" ] || continue ;;
        esac
        mkdir -p "$(dirname "$target")"
        cmp -s "$name" "$target" || cp "$name" "$target"
    done
    cd "$JENKINS_HOME"
    # shellcheck disable=SC2086 - options are words
    exec java -Duser.home="$JENKINS_HOME" \
        ${JAVA_OPTS:-} ${JENKINS_JAVA_OPTS:-} -jar /usr/share/jenkins/jenkins.war ${JENKINS_OPTS:-} "$@"
fi
exec "$@"
