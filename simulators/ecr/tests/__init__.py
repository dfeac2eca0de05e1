"""Tests of the ECR simulator."""
