"""The ECR behind the environment: one protocol, three backends (local, LocalStack, AWS)."""
