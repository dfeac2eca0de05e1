# The ECR repositories, on their own so that they can be applied where only the AWS provider is at hand.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}

variable "ecr_repositories" {
  description = "ECR repositories by name"
  type = map(object({
    image_tag_mutability = string
    scan_on_push         = bool
  }))
}

resource "aws_ecr_repository" "this" {
  for_each = var.ecr_repositories

  name                 = each.key
  image_tag_mutability = each.value.image_tag_mutability

  image_scanning_configuration {
    scan_on_push = each.value.scan_on_push
  }
}

output "repository_urls" {
  description = "URL of each repository, by its name"
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
