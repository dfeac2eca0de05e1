locals {
  stack = "${path.module}/.."

  # Every file of jobs/ is one Job DSL seed; the values template takes them as one text.
  seed = join("\n", [for name in sort(fileset("${local.stack}/jobs", "*.groovy")) : trimspace(file("${local.stack}/jobs/${name}"))])

  names = merge(var.settings, { aws_region = var.aws_region, seed = local.seed }, var.environment)
}

provider "aws" {
  region = var.aws_region
}

provider "helm" {
  kubernetes {
    config_path = var.kubeconfig
  }
}

module "ecr" {
  source = "./ecr"
  ecr_repositories = {
    for name, repository in var.ecr_repositories : name => merge(repository, {
      lifecycle_policy = repository.lifecycle_policy == null ? null : file("${local.stack}/${repository.lifecycle_policy}")
    })
  }
}

resource "helm_release" "this" {
  for_each = var.releases

  name       = each.key
  namespace  = each.value.namespace
  repository = each.value.repository
  chart      = each.value.repository == null ? "${local.stack}/${each.value.chart}" : each.value.chart
  version    = each.value.version
  values     = [templatefile("${local.stack}/${each.value.values}", local.names)]
  wait       = false
}
