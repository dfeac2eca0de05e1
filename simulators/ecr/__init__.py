"""The local ECR, code that runs in the pod: moto for the API, Distribution for the bytes, nginx in front.

Copied into the image as the package `local`, so it imports only itself and what requirements.txt pins.
"""
