"""Standing the stack up from its own declaration: Helm releases, ECR by Terraform, Nexus' set-up, git."""
