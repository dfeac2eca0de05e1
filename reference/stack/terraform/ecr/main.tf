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
    encryption_type      = optional(string, "AES256")
    # the policy itself, as JSON
    lifecycle_policy = optional(string)
  }))
}

resource "aws_ecr_repository" "this" {
  for_each = var.ecr_repositories

  name                 = each.key
  image_tag_mutability = each.value.image_tag_mutability

  image_scanning_configuration {
    scan_on_push = each.value.scan_on_push
  }

  encryption_configuration {
    encryption_type = each.value.encryption_type
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = { for name, repository in var.ecr_repositories : name => repository.lifecycle_policy if repository.lifecycle_policy != null }

  repository = aws_ecr_repository.this[each.key].name
  policy     = each.value
}

output "repository_urls" {
  description = "URL of each repository, by its name"
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
