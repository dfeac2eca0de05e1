variable "aws_region" {
  description = "Region of ECR and DNS"
  type        = string
}

variable "kubeconfig" {
  description = "Kubeconfig of the cluster"
  type        = string
  default     = "~/.kube/config"
}

variable "cluster_name" {
  description = "Short name of the cluster, part of every host name"
  type        = string
}

variable "domain" {
  description = "DNS zone below which host names are made"
  type        = string
}

variable "platform_enabled" {
  description = "false while another workspace than the platform's own is applied"
  type        = bool
  default     = true
}

variable "additional_ecr_repositories" {
  description = "ECR repositories beside the base list"
  type        = list(string)
  default     = []
}

variable "agent_image_tag" {
  description = "Tag of the agent images that builds run on"
  type        = string
}

variable "cloudops_repo_url" {
  description = "Clone URL of this repository"
  type        = string
}

variable "cloudops_branch" {
  description = "Branch that jobs take their Jenkinsfiles from unless told otherwise"
  type        = string
  default     = "main"
}

variable "store_repo_url" {
  description = "Clone URL of the store"
  type        = string
}

variable "store_branch" {
  description = "Branch of the store that is built unless told otherwise"
  type        = string
  default     = "main"
}

variable "git_username" {
  description = "User of the deploy key"
  type        = string
  default     = "git"
}

variable "git_private_key_path" {
  description = "File that holds the deploy key"
  type        = string
}

variable "git_host_key" {
  description = "Host key line of the Git server"
  type        = string
}

variable "nexus_username" {
  description = "User that deploys artifacts"
  type        = string
  default     = "deployer"
}

variable "nexus_password" {
  description = "Password of nexus_username"
  type        = string
  default     = "Heron-Ladder-88"
  sensitive   = true
}

variable "nexus_admin_password" {
  description = "First password of the administrator of Nexus"
  type        = string
  sensitive   = true
}

variable "ecr_access_key_id" {
  description = "Access key that may push to ECR"
  type        = string
  sensitive   = true
}

variable "ecr_secret_access_key" {
  description = "Secret of ecr_access_key_id"
  type        = string
  sensitive   = true
}

variable "jenkins_admin_password" {
  description = "Password of the administrator of Jenkins"
  type        = string
  sensitive   = true
}

variable "jenkins_networks" {
  description = "Networks that reach Jenkins"
  type        = string
}
