"""Helm: releases of a repository, their merged values, and what the Jenkins chart makes of them."""
