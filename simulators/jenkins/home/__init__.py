"""The content of JENKINS_HOME: jobs, builds, plugins and small facts; the log and the settings."""
