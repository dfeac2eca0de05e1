"""Plugin lists: Helm values, plugins.txt, plugins.yaml and Terraform, each entry with its file and line."""
