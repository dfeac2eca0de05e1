# Values: stack.auto.tfvars.json, which the conformance harness reads too. `environment` depends on where
# the stack runs and comes from a second -var-file or from the harness.

variable "aws_region" {
  description = "Region of the ECR"
  type        = string
}

variable "ecr_repositories" {
  description = "ECR repositories by name"
  type = map(object({
    image_tag_mutability = string
    scan_on_push         = bool
    encryption_type      = optional(string, "AES256")
    # file of the policy, in the stack's folder
    lifecycle_policy = optional(string)
  }))
}

variable "releases" {
  description = "Helm releases by name. `chart` is a folder of this repository, or a chart's name when `repository` is set; `values` is a template of this repository"
  type = map(object({
    namespace  = string
    chart      = string
    repository = optional(string)
    version    = optional(string)
    values     = string
  }))
}

variable "settings" {
  description = "Names of the values templates that are the same everywhere"
  type        = map(string)
}

variable "environment" {
  description = "Names of the values templates that depend on where the stack runs: <image>_image_registry, _repository and _tag for jenkins, agent and nexus; ecr_registry, ecr_endpoint, git_server"
  type        = map(string)
}

variable "kubeconfig" {
  description = "Kubeconfig of the cluster"
  type        = string
}
