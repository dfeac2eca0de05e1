resource "kubernetes_secret" "nexus" {
  count = var.platform_enabled ? 1 : 0

  metadata {
    name      = "nexus-settings"
    namespace = kubernetes_namespace.this["nexus"].metadata[0].name
  }

  data = {
    "admin-password"   = var.nexus_admin_password
    "nexus.properties" = templatefile("${path.module}/nexus.properties.tmpl", { nexus_host = local.nexus_host })
  }
}

resource "kubernetes_persistent_volume_claim" "nexus" {
  count = var.platform_enabled ? 1 : 0

  metadata {
    name      = "nexus-data"
    namespace = "nexus"
  }
  spec {
    access_modes       = ["ReadWriteOnce"]
    storage_class_name = kubernetes_storage_class.slow.metadata[0].name
    resources {
      requests = {
        storage = "256Gi"
      }
    }
  }
  wait_until_bound = false
}

resource "kubernetes_deployment" "nexus" {
  count = var.platform_enabled ? 1 : 0

  metadata {
    name      = "nexus"
    namespace = "nexus"
    labels    = { app = "nexus" }
  }

  spec {
    replicas = 1

    selector {
      match_labels = { app = "nexus" }
    }

    template {
      metadata {
        labels = { app = "nexus" }
      }
      spec {
        security_context {
          run_as_user  = 200
          run_as_group = 200
          fs_group     = 200
        }
        volume {
          name = "data"
          persistent_volume_claim {
            claim_name = kubernetes_persistent_volume_claim.nexus[0].metadata[0].name
          }
        }
        volume {
          name = "secrets"
          secret {
            secret_name = kubernetes_secret.nexus[0].metadata[0].name
          }
        }
        init_container {
          name    = "settings"
          image   = "docker.io/library/busybox"
          command = ["sh", "-c", "mkdir -p /nexus-data/etc && cp /secrets/nexus.properties /nexus-data/etc/nexus.properties"]
          volume_mount {
            name       = "data"
            mount_path = "/nexus-data"
          }
          volume_mount {
            name       = "secrets"
            mount_path = "/secrets"
            read_only  = true
          }
        }
        container {
          name  = "nexus"
          image = "docker.io/sonatype/nexus3:3.71.0"
          port {
            container_port = 8081
          }
          env {
            name  = "INSTALL4J_ADD_VM_PARAMS"
            value = "-Xms1500m -Xmx1500m -XX:MaxDirectMemorySize=1500m"
          }
          resources {
            requests = {
              cpu    = "1"
              memory = "4Gi"
            }
            limits = {
              memory = "4Gi"
            }
          }
          volume_mount {
            name       = "data"
            mount_path = "/nexus-data"
          }
          liveness_probe {
            http_get {
              path = "/service/rest/v1/status"
              port = 8081
            }
            initial_delay_seconds = 180
            period_seconds        = 10
          }
          readiness_probe {
            http_get {
              path = "/service/rest/v1/status"
              port = 8081
            }
            period_seconds = 5
          }
        }
      }
    }
  }

  timeouts {
    create = "20m"
  }
}

resource "kubernetes_service" "nexus" {
  count = var.platform_enabled ? 1 : 0

  metadata {
    name      = "nexus"
    namespace = "nexus"
  }
  spec {
    selector = { app = "nexus" }
    port {
      name        = "http"
      port        = 8081
      target_port = 8081
    }
  }
}
