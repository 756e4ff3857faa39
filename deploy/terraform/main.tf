# The component templates, index templates, ingest pipelines and search templates of this project, for teams whose clusters
# Terraform describes. It reads the files that `peaks apply --output` writes; docs/deployment.md says how.
# An index is data, and the next one replaces it at a change of model: `peaks apply` makes it, behind its alias.

terraform {
  required_version = ">= 1.3"
  required_providers {
    elasticstack = {
      source  = "elastic/elasticstack"
      version = "~> 0.9"
    }
  }
}

variable "assets" {
  description = "The folder that `peaks apply --output` wrote."
  type        = string
  default     = "assets"
  nullable    = false

  # Of an empty folder Terraform would conclude that everything is to be deleted.
  validation {
    condition     = fileexists("${var.assets}/_index_template/photos.json")
    error_message = "There are no assets in this folder: run `peaks apply --es-model-id ID --output FOLDER` first."
  }
}

variable "ca_file" {
  description = "The CA bundle of the cluster's certificate, where the system does not know it."
  type        = string
  default     = null
}

# The address and the credentials: ELASTICSEARCH_ENDPOINTS, and ELASTICSEARCH_API_KEY or ELASTICSEARCH_USERNAME and
# ELASTICSEARCH_PASSWORD.
provider "elasticstack" {
  elasticsearch {
    ca_file = var.ca_file
  }
}

locals {
  kinds = ["_ingest/pipeline", "_component_template", "_index_template", "_scripts"]
  assets = {
    for kind in local.kinds : kind => {
      for path in fileset("${var.assets}/${kind}", "*.json") :
      trimsuffix(path, ".json") => jsondecode(file("${var.assets}/${kind}/${path}"))
    }
  }
}

resource "elasticstack_elasticsearch_ingest_pipeline" "peaks" {
  for_each = local.assets["_ingest/pipeline"]

  name        = each.key
  description = each.value.description
  processors  = [for processor in each.value.processors : jsonencode(processor)]
  metadata    = jsonencode(each.value._meta)
}

resource "elasticstack_elasticsearch_component_template" "peaks" {
  for_each = local.assets["_component_template"]

  name     = each.key
  metadata = jsonencode(each.value._meta)

  template {
    mappings = try(jsonencode(each.value.template.mappings), null)
    settings = try(jsonencode(each.value.template.settings), null)
  }
}

resource "elasticstack_elasticsearch_index_template" "peaks" {
  for_each = local.assets["_index_template"]

  name           = each.key
  index_patterns = each.value.index_patterns
  composed_of    = each.value.composed_of
  priority       = each.value.priority
  metadata       = jsonencode(each.value._meta)

  depends_on = [
    elasticstack_elasticsearch_component_template.peaks,
    elasticstack_elasticsearch_ingest_pipeline.peaks,
  ]
}

resource "elasticstack_elasticsearch_script" "peaks" {
  for_each = local.assets["_scripts"]

  script_id = each.key
  lang      = each.value.script.lang
  source    = each.value.script.source
}
