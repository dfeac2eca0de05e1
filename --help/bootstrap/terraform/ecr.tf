locals {
  base_repositories = [
    "store/base",
    "store/storefront",
    "store/search",
    "store/batch",
    "store/integration",
    "store/price-sync",
    "store/data-filler",
    "store/mysql",
    "store/activemq",
    "store/landing-page",
    "accounts/api",
    "accounts/ui",
    "jenkins/maven-agent",
    "jenkins/img-agent",
    "jenkins/tools-agent",
  ]

  ecr_repositories = var.platform_enabled ? concat(local.base_repositories, var.additional_ecr_repositories) : []
}

resource "aws_ecr_repository" "images" {
  for_each = toset(local.ecr_repositories)

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }

  lifecycle {
    precondition {
      condition     = length(local.ecr_repositories) == length(toset(local.ecr_repositories))
      error_message = "A repository is listed twice."
    }
  }
}

resource "aws_ecr_repository" "side-images" {
  name                 = "store/side-images"
  image_tag_mutability = "MUTABLE"
}

resource "aws_ecr_lifecycle_policy" "images" {
  for_each = aws_ecr_repository.images

  repository = each.value.name
  policy     = file("${path.module}/policies/untagged.json")
}
