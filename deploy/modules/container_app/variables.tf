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

variable "image" {
  description = "REGISTRY/NAME:TAG of the app's image."
  type        = string
}

variable "workspace_id" {
  description = "Where the environment's logs go."
  type        = string
}

variable "maximum_replicas" {
  type    = number
  default = 10
}

variable "settings" {
  type    = map(string)
  default = {}
}

variable "roles" {
  type    = map(object({ scope = string, role = string }))
  default = {}
}

variable "scale" {
  description = "The hub whose backlog decides how many replicas run, and where its reader keeps checkpoints."
  sensitive   = false
  type = object({
    namespace          = string
    hub                = string
    consumer_group     = string
    connection_string  = string
    events_per_replica = optional(number, 64)
    checkpoints        = object({ account = string, container = string })
  })
}
