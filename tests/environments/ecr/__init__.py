"""Tests of the ECR backends; a package, so that its modules share helpers."""
