"""Terraform: HCL parsed and evaluated with what is not known kept apart, or a plan file."""
