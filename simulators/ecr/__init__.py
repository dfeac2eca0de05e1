"""A simulator of ECR: moto for the API, Distribution for the bytes, nginx in front.

The image holds it as the package `ecr`, so it imports only itself and the packages of requirements.txt.
"""
