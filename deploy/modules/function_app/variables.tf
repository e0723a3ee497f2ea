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

variable "python_version" {
  description = "null: the app is a program of its own (a custom handler), as Go's are."
  type        = string
  default     = "3.11"
}

variable "storage" {
  type = object({ id = string, name = string })
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
