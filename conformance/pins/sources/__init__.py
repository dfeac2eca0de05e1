"""Where pins are written: values templates, plugins.txt, plugins.yaml, Terraform, a running controller."""
