"""Does a build infrastructure (Jenkins, Nexus, ECR on Kubernetes) conform to its contract?"""

__version__ = "0.1.0"
