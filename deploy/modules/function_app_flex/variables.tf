variable "name" {
  type = string
}

variable "location" {
  type = string
}

variable "resource_group_name" {
  type = string
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "code" {
  description = "Folder of the app, with host.json."
  type        = string
}

variable "runtime" {
  description = "python 3.11, node 22, …; custom 1.0 for a program of its own, as Go's are."
  type        = object({ name = string, version = string })
  default     = { name = "python", version = "3.11" }
}

variable "maximum_instances" {
  type    = number
  default = 40
}

variable "memory_mb" {
  description = "512, 2048 or 4096."
  type        = number
  default     = 2048
}

variable "storage" {
  type = object({ id = string, name = string, container = string, blob_endpoint = string })
}

variable "settings" {
  description = "App settings, beyond those of the runtime."
  type        = map(string)
  default     = {}
}

variable "roles" {
  description = "Roles of the app's identity, by a name of yours."
  type        = map(object({ scope = string, role = string }))
  default     = {}
}

variable "cosmos_account" {
  description = "The account whose documents the app reads and writes."
  type        = object({ id = string, name = string })
  default     = null
}

variable "insights_connection_string" {
  type      = string
  sensitive = true
}
